using Troupe.Tools.Terminal;

namespace Troupe.Tools.Benchmarks.Actors;

/// <summary>What <c>bench actors</c> measures.</summary>
/// <param name="Runs">Runs that count, of each contender in each row.</param>
/// <param name="Part">The part of the usual work that a run does.</param>
/// <param name="Names">What the names of the rows begin with; none: all rows.</param>
/// <param name="WithoutDocs">Leave docs/benchmarks.md alone, whatever is measured.</param>
public sealed record ActorBenchmarkOptions(int Runs, double Part, IReadOnlyList<string> Names, bool WithoutDocs)
{
    /// <summary>Only a whole run says what the page says.</summary>
    public bool WritesDocs => !WithoutDocs && Names.Count == 0 && Runs >= ActorBenchmark.UsualRuns && Part >= 1;

    /// <summary>The rows asked for.</summary>
    /// <exception cref="UserError">A name fits none.</exception>
    public IReadOnlyList<ActorRow> Rows()
    {
        var all = ActorRow.All.ToList();
        foreach (var name in Names)
        {
            if (!all.Exists(row => row.Name.StartsWith(name, StringComparison.Ordinal)))
            {
                var meant = Suggestion.Nearest(name, all.Select(row => row.Name));
                throw new UserError(
                    $"no row begins with '{name}'." + (meant is null ? string.Empty : $" Did you mean '{meant}'?"), $"Rows: {string.Join(", ", all.Select(row => row.Name))}");
            }
        }

        return Names.Count == 0 ? all : all.FindAll(row => Names.Any(name => row.Name.StartsWith(name, StringComparison.Ordinal)));
    }
}

namespace Troupe.Tools.Benchmarks.Actors;

/// <summary>All values of a run of <c>bench actors</c>.</summary>
public sealed class ActorMeasurements
{
    private readonly Dictionary<(string Row, int Processors, string Contender), Sample> _samples = [];

    /// <summary>Adds one.</summary>
    public void Add(ActorRow row, int processors, string contender, double value)
    {
        var key = (row.Name, processors, contender);
        if (!_samples.TryGetValue(key, out var sample))
        {
            _samples[key] = sample = new Sample();
        }

        sample.Add(value);
    }

    /// <summary>Those of a row; empty if it was not measured so.</summary>
    public Sample Of(ActorRow row, int processors, string contender) => _samples.GetValueOrDefault((row.Name, processors, contender)) ?? new Sample();

    /// <summary>Not a number: not measured.</summary>
    public double Median(ActorRow row, int processors, string contender) => Of(row, processors, contender).Median;

    /// <summary>Who of the contenders had the least; null if none was measured.</summary>
    public string? Best(ActorRow row, int processors, IEnumerable<string> contenders) =>
        contenders.Where(contender => !double.IsNaN(Median(row, processors, contender))).MinBy(contender => Median(row, processors, contender));
}

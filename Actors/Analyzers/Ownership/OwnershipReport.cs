using Microsoft.CodeAnalysis;

namespace Troupe.Actors.Analyzers;

/// <summary>What was found of one variable, each place once.</summary>
internal sealed class OwnershipReport(string name)
{
    private readonly Dictionary<(string Id, Location Place), Diagnostic> _found = [];

    public IEnumerable<Diagnostic> Diagnostics => _found.Values;

    public void UseAfterMove(FlowPath path, Location place) =>
        Add(Diagnostic.Create(Rules.UseAfterMove, place, name, How(path), Line(path.Site)));

    public void NotDisposed(FlowPath path, string when) => Add(Diagnostic.Create(Rules.NotDisposed, path.Site, name, when));

    public void MovedAgainstContract(FlowPath path, string why) =>
        Add(Diagnostic.Create(Rules.MovedAgainstContract, path.Site, name, How(path), Line(path.Site), why));

    /// <summary>Lines as editors count them.</summary>
    public static int Line(Location place) => place.GetLineSpan().StartLinePosition.Line + 1;

    private static string How(FlowPath path) => path.State == OwnershipState.Disposed ? "disposed of" : "moved";

    private void Add(Diagnostic diagnostic)
    {
        var key = (diagnostic.Id, diagnostic.Location);
        if (!_found.ContainsKey(key))
            _found.Add(key, diagnostic);
    }
}

using Microsoft.CodeAnalysis;

namespace Troupe.Actors.Analyzers;

/// <summary>Why a type is not sendable.</summary>
/// <param name="path">How the offending place is reached from the type, without the type's own name; empty: the type itself.</param>
/// <param name="reason">What is wrong there, continuing the sentence that the path begins.</param>
/// <param name="remedy">What to do.</param>
/// <param name="culprit">The type or field to change, for a code fix.</param>
internal sealed class Refusal(string path, string reason, string remedy, ISymbol? culprit = null)
{
    public string Path { get; } = path;

    public string Reason { get; } = reason;

    public string Remedy { get; } = remedy;

    public ISymbol? Culprit { get; } = culprit;

    /// <summary>The same refusal seen from a type one step further up.</summary>
    public Refusal Under(string step) => new(step + Path, Reason, Remedy, Culprit);
}

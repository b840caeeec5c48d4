using Microsoft.CodeAnalysis;

namespace Troupe.Actors.Analyzers;

/// <summary>What is wrong with a contract's declaration, and what to do about it.</summary>
internal sealed class ContractFault(Location location, string what, string advice)
{
    public Location Location { get; } = location;

    public string What { get; } = what;

    public string Advice { get; } = advice;
}

using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Troupe.Actors.Analyzers;

/// <summary>
/// One way through a method as far as one variable is concerned: who owns what it holds, and what is known of the Booleans
/// that depend on it (<c>bool sent = actor.TryTell(frame); if (!sent) frame.Dispose();</c>). Paths that agree are one.
/// </summary>
/// <param name="state">Who owns it.</param>
/// <param name="site">Where that began.</param>
/// <param name="facts">What temporaries and Boolean locals hold; keys are CaptureId and ILocalSymbol.</param>
internal sealed class FlowPath(OwnershipState state, Location site, ImmutableDictionary<object, FlowValue> facts) : IEquatable<FlowPath>
{
    public OwnershipState State { get; } = state;

    public Location Site { get; } = site;

    public bool IsGone => State is OwnershipState.Moved or OwnershipState.Disposed;

    public FlowPath In(OwnershipState state, Location site) => new(state, site, facts);

    public FlowPath In(FlowPath other) => new(other.State, other.Site, facts);

    public FlowValue Fact(object key) => facts.TryGetValue(key, out FlowValue value) ? value : FlowValue.Other;

    public FlowPath With(object key, FlowValue value) =>
        new(State, Site, value == FlowValue.Other ? facts.Remove(key) : facts.SetItem(key, value));

    public FlowPath Without(IEnumerable<object> keys)
    {
        ImmutableDictionary<object, FlowValue> left = facts.IsEmpty ? facts : facts.RemoveRange(keys);
        return ReferenceEquals(left, facts) ? this : new(State, Site, left);
    }

    public bool Equals(FlowPath? other)
    {
        if (other is null || State != other.State || Site != other.Site || facts.Count != other.Count)
            return false;
        foreach (KeyValuePair<object, FlowValue> fact in facts)
        {
            if (other.Fact(fact.Key) != fact.Value)
                return false;
        }

        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as FlowPath);

    public override int GetHashCode()
    {
        int hash = ((int)State * 31) + Site.GetHashCode();
        // The order of the facts means nothing.
        foreach (KeyValuePair<object, FlowValue> fact in facts)
            hash += fact.Key.GetHashCode() ^ (int)fact.Value;
        return hash;
    }

    private int Count => facts.Count;
}

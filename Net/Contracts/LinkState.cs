using Troupe.Actors;

namespace Troupe.Net.Contracts;

/// <summary>Whether a link can carry packets now: its device runs and has a carrier.</summary>
[SendableByContract("One value, that the link layer writes and anybody reads.")]
public sealed class LinkState
{
    private volatile bool _isDown;

    /// <summary>Whether it can; true until the link layer says otherwise.</summary>
    public bool IsUp => !_isDown;

    /// <summary>From the link layer alone.</summary>
    public void Set(bool isUp) => _isDown = !isUp;
}

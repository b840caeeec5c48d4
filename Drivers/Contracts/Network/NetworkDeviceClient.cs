using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// The upper end of a network device: turns its events into messages of whatever actor receives them, so that a link layer
/// keeps one mailbox for what comes from below and from above.
/// </summary>
/// <remarks>
/// An implementation is immutable, holds an actor reference, and does nothing but <c>TryTell</c>: it runs in the driver's
/// turn. Receive edges drop and count; they never wait.
/// </remarks>
[SendableByContract("Immutable, and does nothing but TryTell.")]
public abstract class NetworkDeviceClient
{
    /// <summary>
    /// Hands the event on. False when the receiver's mailbox is full or gone; the caller then still owns the event and
    /// disposes it.
    /// </summary>
    public bool TryDeliver([MovesWhen(true)] in NetworkDeviceEvent deviceEvent)
    {
        // Read before: an event that was handed on is no longer this turn's.
        NetworkDeviceEventKind kind = deviceEvent.Kind;
        if (!TryTell(in deviceEvent))
            return false;
        NetworkDeviceContract.Instance.Observe(this, NetworkDeviceContract.StepOf(kind));
        return true;
    }

    /// <inheritdoc cref="TryDeliver"/>
    protected abstract bool TryTell([MovesWhen(true)] in NetworkDeviceEvent deviceEvent);
}

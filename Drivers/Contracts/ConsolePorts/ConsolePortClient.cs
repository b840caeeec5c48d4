using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// The upper end of a console port: turns its events into messages of whatever actor receives them.
/// </summary>
/// <remarks>An implementation is immutable, holds an actor reference, and does nothing but <c>TryTell</c>: it runs in the driver's turn.</remarks>
[SendableByContract("Immutable, and does nothing but TryTell.")]
public abstract class ConsolePortClient
{
    /// <summary>
    /// Hands the event on. False when the receiver's mailbox is full or gone: the caller still owns the event and hands it on later, before any other; the host is held back meanwhile.
    /// </summary>
    public bool TryDeliver([MovesWhen(true)] in ConsolePortEvent portEvent)
    {
        // Read before: an event that was handed on is no longer this turn's.
        var kind = portEvent.Kind;
        if (!TryTell(in portEvent))
        {
            return false;
        }

        ConsolePortContract.Instance.Observe(this, ConsolePortContract.StepOf(kind));
        return true;
    }

    /// <inheritdoc cref="TryDeliver"/>
    protected abstract bool TryTell([MovesWhen(true)] in ConsolePortEvent portEvent);
}

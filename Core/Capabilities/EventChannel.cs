// xen/include/public/event_channel.h: interdomain channels.
namespace Troupe.Core.Capabilities;

/// <summary>A Xen event channel to one other domain: an interrupt line, and the way to interrupt the other end.</summary>
/// <remarks>As with a message-signalled vector, events that arrive before the callback has run are merged into one call, and nothing is to be acknowledged.</remarks>
public abstract class EventChannel : InterruptLine
{
    /// <inheritdoc/>
    public override bool IsLevelTriggered => false;

    /// <summary>The number by which the other end binds itself to it; valid while the line is connected.</summary>
    public abstract uint Port { get; }

    /// <summary>Interrupts the other end. What was written to shared memory before is visible to it.</summary>
    public abstract void Notify();

    /// <inheritdoc/>
    public override void Acknowledge()
    {
        // An event is an edge.
    }
}

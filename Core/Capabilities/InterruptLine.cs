namespace Troupe.Core.Capabilities;

/// <summary>
/// One interrupt source of one device: a wired line (level-triggered, possibly shared) or a message-signalled vector.
/// </summary>
/// <remarks>
/// <para>
/// The callback runs on an actor worker, not in interrupt context: it may touch the heap and use the full runtime, but it
/// must be short and must not block or throw. A driver's callback posts one message to the driver's mailbox. Interrupts
/// that arrive before the callback has run are merged into one call; one call is made after the last interrupt, always.
/// </para>
/// <para>
/// A level-triggered line is masked from the moment it fires until <see cref="Acknowledge"/>, because it would fire
/// for ever while the device holds it. The driver first makes the device lower it (for virtio: reads the status), then
/// acknowledges; if the device raised it again in between, it fires again at once. A message-signalled vector is never
/// masked per interrupt; its rate is held down by the ring's own notification suppression.
/// </para>
/// <para>Members throw <see cref="CapabilityException"/> once the grant was revoked; <see cref="Disconnect"/> never throws.</para>
/// </remarks>
public abstract class InterruptLine
{
    /// <summary>Whether the line is level-triggered, so that <see cref="Acknowledge"/> has something to do.</summary>
    public abstract bool IsLevelTriggered { get; }

    /// <summary>
    /// Unmasks the line and has <paramref name="onInterrupt"/> called for it from now on. A line has one callback; connecting
    /// again replaces it (a restarted driver does this). <paramref name="processor"/> names the processor whose worker runs
    /// it; null leaves the choice to the machine.
    /// </summary>
    public abstract void Connect(Action onInterrupt, int? processor = null);

    /// <summary>
    /// Unmasks a level-triggered line after its interrupt was dealt with at the device. Does nothing for a vector. Must not be called from the
    /// callback itself, which <see cref="Disconnect"/> waits for.
    /// </summary>
    public abstract void Acknowledge();

    /// <summary>
    /// Masks the line and drops the callback. When it returns, the callback is not running and will not run. Must not be
    /// called from the callback itself.
    /// </summary>
    public abstract void Disconnect();
}

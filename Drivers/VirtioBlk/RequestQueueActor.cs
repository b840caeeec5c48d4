using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioBlk;

/// <summary>
/// The actor of a queue beside the driver's own, as its child: it lives while the device runs, and has ended before the driver resets the device. Batches come to it by
/// <see cref="RequestQueue.Submit"/>, so that none is lost with its mailbox; it answers them itself.
/// </summary>
internal sealed class RequestQueueActor(RequestQueue queue, Action onViolation) : Actor<BlockDeviceMessage>
{
    private RequestDeadline? _deadline;
    private bool _isBroken;

    /// <inheritdoc/>
    protected override void Started() => _deadline = new RequestDeadline(queue, Context.CreateTimer(BlockDeviceMessage.Deadline()));

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(BlockDeviceMessage message)
    {
        if (_isBroken)
        {
            return default;
        }

        try
        {
            if (message.Kind == BlockDeviceMessageKind.Deadline)
            {
                _deadline!.Check();
            }

            queue.TakeHandedOn();
            if (queue.TakeInterrupt())
            {
                queue.Service();
            }

            queue.Publish();
            _deadline!.Watch();
        }
        catch (DeviceViolationException)
        {
            // Nothing the device wrote since can be believed, in any ring: the driver ends this actor and resets the device.
            _isBroken = true;
            onViolation();
        }

        return default;
    }
}

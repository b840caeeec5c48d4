using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Block;

/// <summary>
/// The actor of a queue beside the driver's own, as its child: it lives while the device runs, and has ended before the driver resets the device. Batches come to it by
/// <see cref="BlockQueue.Submit"/>, so that none is lost with its mailbox; it answers them itself.
/// </summary>
internal sealed class BlockQueueActor(BlockQueue queue, Action onViolation) : Actor<BlockDeviceMessage>, IRefusesSwap
{
    private RequestDeadline? _deadline;
    private bool _isBroken;

    /// <summary>Begins the actor of a queue as the driver's child, and brings the queue's interrupts and batches to it. In the driver's turns.</summary>
    public static ActorRef<BlockDeviceMessage> Spawn(ActorContext<BlockDeviceMessage> driver, BlockQueue queue, Action onViolation)
    {
        ActorRef<BlockDeviceMessage> actor = driver.Spawn(
            new BlockQueueActor(queue, onViolation), new SpawnOptions { Name = $"queue {queue.Index}", OnFailure = FailurePolicy.Escalate, WaitsFor = [] });
        queue.ConnectActor(actor);
        return actor;
    }

    /// <inheritdoc/>
    string IRefusesSwap.WhyNotSwapped => "it is a part of its disk's driver, which is swapped with its queues.";

    /// <inheritdoc/>
    protected override void Started() => _deadline = new RequestDeadline(queue, Context.CreateTimer(BlockDeviceMessage.Deadline()));

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(BlockDeviceMessage message)
    {
        if (_isBroken)
        {
            return default;
        }

        if (message.Kind == BlockDeviceMessageKind.Deadline && _deadline!.IsMissed)
        {
            Break();
            return default;
        }

        try
        {
            queue.TakeHandedOn();
            if (queue.TakeInterrupt())
            {
                queue.Service();
            }

            queue.Publish();
            _deadline!.Watch();
        }
        catch (Exception exception) when (queue.IsViolation(exception))
        {
            Break();
        }

        return default;
    }

    /// <summary>Nothing the device wrote since can be believed, in any ring: the driver ends this actor and resets the device.</summary>
    private void Break()
    {
        _isBroken = true;
        onViolation();
    }
}

using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Network;

/// <summary>
/// The actor of a queue beside the driver's own, as its child: it lives while the device runs and the client knows it, and has ended before the driver resets the device or
/// changes the client. It sends what the driver hands on to it, and hands received frames to the client itself.
/// </summary>
internal sealed class NetworkQueueActor(INetworkQueue queue, Action onViolation) : Actor<NetworkDeviceMessage>, IRefusesSwap
{
    private TimerHandle _timer;
    private bool _isWorkLeft = true;
    private bool _isBroken;

    /// <summary>Begins the actor of a queue as the driver's child, which may wait for it: it hands frames on. In the driver's turns.</summary>
    public static ActorRef<NetworkDeviceMessage> Spawn(ActorContext<NetworkDeviceMessage> driver, INetworkQueue queue, Action onViolation)
    {
        ActorRef<NetworkDeviceMessage> actor = driver.Spawn(
            new NetworkQueueActor(queue, onViolation), new SpawnOptions { Name = $"queue pair {queue.Index}", OnFailure = FailurePolicy.Escalate, WaitsFor = [] });
        driver.System.AddWaits(driver.Self, actor);
        return actor;
    }

    /// <inheritdoc/>
    string IRefusesSwap.WhyNotSwapped => "it is a part of its card's driver, which is swapped with its queues.";

    /// <inheritdoc/>
    protected override void Started()
    {
        _timer = Context.CreateTimer(NetworkDeviceMessage.Continue());
        queue.Interrupts.ConnectActor(Context.Self);
        // An interrupt that came before found no actor.
        Context.Self.TryTell(NetworkDeviceMessage.Continue());
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(NetworkDeviceMessage message)
    {
        if (_isBroken)
        {
            message.Dispose();
            return default;
        }

        try
        {
            if (message.Kind == NetworkDeviceMessageKind.Transmit)
            {
                queue.Transmit(message.Frames);
            }
            else if (message.Kind == NetworkDeviceMessageKind.Continue)
            {
                queue.CatchUp();
            }

            _isWorkLeft |= queue.Interrupts.TryTake();
            if (_isWorkLeft || queue.IsHeldBack)
            {
                _isWorkLeft = queue.Service();
            }
        }
        catch (Exception exception) when (queue.IsViolation(exception))
        {
            // Nothing the device wrote since can be believed, in any ring: the driver ends this actor and resets the device.
            _isBroken = true;
            onViolation();
            return default;
        }

        if (_isWorkLeft)
        {
            // If this finds the mailbox full, the messages in it bring the work along.
            Context.Self.TryTell(NetworkDeviceMessage.Continue());
        }

        if ((queue.IsHeldBack || queue.IsStarved) && !_timer.IsActive)
        {
            _timer.Restart(queue.IsHeldBack ? QueueDelays.Hold : QueueDelays.CatchUp);
        }

        return default;
    }
}

using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioNet;

/// <summary>
/// The actor of a queue pair beside the driver's own, as its child: it lives while the device runs and the client knows it, and has ended before the driver resets the device or
/// changes the client. It sends what the driver hands on to it, and hands received frames to the client itself.
/// </summary>
internal sealed class QueuePairActor(QueuePair pair, Action onViolation) : Actor<NetworkDeviceMessage>
{
    private TimerHandle _timer;
    private bool _isWorkLeft = true;
    private bool _isBroken;

    /// <inheritdoc/>
    protected override void Started()
    {
        _timer = Context.CreateTimer(NetworkDeviceMessage.Continue());
        pair.ConnectActor(Context.Self);
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
                pair.Transmit(message.Frames);
            }
            else if (message.Kind == NetworkDeviceMessageKind.Continue)
            {
                pair.CatchUp();
            }

            _isWorkLeft |= pair.TakeInterrupt();
            if (_isWorkLeft || pair.IsHeldBack)
            {
                _isWorkLeft = pair.Service();
            }
        }
        catch (DeviceViolationException)
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

        if ((pair.IsHeldBack || pair.IsStarved) && !_timer.IsActive)
        {
            _timer.Restart(pair.IsHeldBack ? VirtioNetDriver.HoldDelay : VirtioNetDriver.CatchUpDelay);
        }

        return default;
    }
}

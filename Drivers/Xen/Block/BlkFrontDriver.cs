// xen/include/public/io/blkif.h and io/xenbus.h: how a front end connects, is cut off, and connects anew.
using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Core.Memory;
using Troupe.Drivers.Block;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Queues;

namespace Troupe.Drivers.Xen;

/// <summary>
/// The actor that drives the guest's half of a Xen disk. Spawn it with a factory and <see cref="FailurePolicy.Restart"/>: a new incarnation on the same
/// <see cref="BlkFrontDevice"/> has the other half close, and connects again; what was in flight is answered with <see cref="BlockStatus.DeviceReset"/>.
/// </summary>
/// <remarks>
/// <para>
/// <b>Events are not lost</b> even when the mailbox is full: the callback sets a flag before it tries to post, and every message that is handled looks at the flag.
/// </para>
/// <para>
/// <b>Of several queues</b> the first is this actor's own, and each other one is a child's (<see cref="FurtherQueues{TMessage}"/>), as a virtio disk's are. The children have ended before the
/// halves part, so nobody touches a ring meanwhile.
/// </para>
/// <para>
/// <b>An other half that lies</b>, closes, goes away, or has requests in a queue and ends none of them for half of <see cref="BlockDeviceMessage.Patience"/>, is cut off and connected to anew: at once, or
/// after a second if it did nothing well since it was last found lying. Clients are answered with <see cref="BlockStatus.DeviceReset"/> meanwhile.
/// </para>
/// <para>
/// <b>When its capability was revoked</b>, the incarnation that finds out fails, everything is answered, and the next ones answer so for good.
/// </para>
/// </remarks>
public sealed class BlkFrontDriver : Actor<BlockDeviceMessage>, IRestartsToSwap
{
    private static readonly TimeSpan RestDelay = TimeSpan.FromSeconds(1);

    private readonly BlkFrontDevice _device;
    private readonly BlkFrontConnection _connection;
    private readonly FurtherQueues<BlockDeviceMessage> _further;
    private ActorRef<BlockDeviceMessage>? _self;
    private TimerHandle _timer;
    private RequestDeadline? _deadline;
    private int _interrupted;
    private int _otherChanged;
    private bool _isWatching;
    private bool _isResting;

    // Until the timer's next message the halves part and no connection is begun, however often the other half changes: otherwise the two could go round for ever.
    private bool _isLeftAlone;
    private long _completedAtViolation = -1;

    /// <summary>Creates an incarnation of the driver.</summary>
    /// <param name="device">The device.</param>
    /// <param name="store">xenstore's client.</param>
    /// <param name="path">The device's node in xenstore.</param>
    public BlkFrontDriver(BlkFrontDevice device, ActorRef<XenStoreMessage> store, string path)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(store);
        _device = device;
        _connection = new BlkFrontConnection(store, path);
        // A full mailbox has messages to handle, and each looks.
        _further = new FurtherQueues<BlockDeviceMessage>(() => _self!.TryTell(BlockDeviceMessage.Interrupt()));
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _self = Context.Self;
        _timer = Context.CreateTimer(BlockDeviceMessage.Deadline());
        _deadline = new RequestDeadline(_device.First, _timer);
        _self.TryTell(BlockDeviceMessage.Interrupt());
    }

    /// <inheritdoc/>
    protected override void Stopped()
    {
        try
        {
            _device.Stop();
        }
        finally
        {
            // So that it lets go of what is in flight, whether another incarnation follows or not.
            _connection.TellClosed();
        }
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(BlockDeviceMessage message)
    {
        try
        {
            Handle(in message);
            if (Take(ref _interrupted))
            {
                _device.CountEvent();
                _device.Service();
            }

            if (_further.HaveViolation)
            {
                throw new XenViolationException($"{_device.Name}: the other half broke the rules in another queue.");
            }

            _device.Publish();
        }
        catch (XenViolationException)
        {
            return CutOffAndGoOnAsync();
        }

        return GoOnAsync();
    }

    private async ValueTask CutOffAndGoOnAsync()
    {
        await CutOffAsync();
        await GoOnAsync();
    }

    private ValueTask GoOnAsync()
    {
        // While it does not, the timer is for the end of its rest.
        if (_device.IsRunning)
        {
            _deadline!.Watch();
        }

        var hasOtherChanged = ProcessorMemory.LoadAcquire(ref _otherChanged) != 0;
        return hasOtherChanged || (!_isResting && (!_isWatching || !_device.IsRunning)) ? FollowAsync() : default;
    }

    private void Handle(in BlockDeviceMessage message)
    {
        switch (message.Kind)
        {
            case BlockDeviceMessageKind.Submit:
                _device.Submit(message.Batch!, message.BatchReply);
                break;
            case BlockDeviceMessageKind.GetInformation:
                _device.Describe(message.InformationReply);
                break;
            case BlockDeviceMessageKind.GetStatistics:
                message.StatisticsReply.Set(_device.ReadStatistics());
                break;
            case BlockDeviceMessageKind.Deadline:
                OnTimer();
                break;
            case BlockDeviceMessageKind.None:
            case BlockDeviceMessageKind.Interrupt:
            default:
                break;
        }
    }

    private void OnTimer()
    {
        _isResting = _isLeftAlone = false;
        if (_device.IsRunning && _deadline!.IsMissed)
        {
            throw new XenViolationException($"{_device.Name} ended no request for {RequestDeadline.DeviceTimeout}.");
        }
    }

    /// <summary>The other half broke the rules.</summary>
    private async ValueTask CutOffAsync()
    {
        _device.CountViolation();
        await StopAsync();
        _isResting = false;
        _isLeftAlone = _device.Completed == _completedAtViolation;
        _completedAtViolation = _device.Completed;
    }

    /// <summary>Looks how far the other half is, and does what follows from it.</summary>
    private async ValueTask FollowAsync()
    {
        try
        {
            if (!_isWatching)
            {
                _isWatching = await _connection.TryWatchAsync(OnOtherChanged);
                if (!_isWatching)
                {
                    Rest();
                    return;
                }
            }

            Take(ref _otherChanged);
            if (_device.IsRunning || _device.IsPrepared)
            {
                await FollowConnectionAsync();
            }
            else
            {
                await FollowPartingAsync();
            }
        }
        catch (XenViolationException exception)
        {
            _device.Refuse(exception);
            await CutOffAsync();
            Rest();
        }
        catch (Exception exception) when (exception is AskTimeoutException or AskFailedException || (exception is CapabilityException && !_device.IsRevoked))
        {
            // A disk that runs needs nothing of xenstore.
            if (!_device.IsRunning)
            {
                Rest();
            }
        }
    }

    /// <summary>The halves are connected, or this one waits for the other to connect.</summary>
    private async ValueTask FollowConnectionAsync()
    {
        switch (await _connection.ReadOtherStateAsync())
        {
            case XenBusState.Connected when _device.IsRunning:
                _device.Resize(await _connection.ReadSectorCountAsync());
                break;
            case XenBusState.Connected:
                _device.Start(await _connection.ReadPropertiesAsync());
                _isResting = false;
                _timer.Cancel();
                _further.Open(Context, _device.FurtherQueues, BlockQueueActor.Spawn);
                await _connection.SetStateAsync(XenBusState.Connected);
                break;
            case XenBusState.InitWait or XenBusState.Initialised when _device.IsPrepared:
                Rest();
                break;
            case XenBusState.Unknown:
            case XenBusState.Initialising:
            case XenBusState.InitWait:
            case XenBusState.Initialised:
            case XenBusState.Closing:
            case XenBusState.Closed:
            default:
                await StopAsync();
                await FollowPartingAsync();
                break;
        }
    }

    /// <summary>The halves are apart, or on their way there: what is in flight is looked after, and a new connection is begun when the other half is ready for it.</summary>
    private async ValueTask FollowPartingAsync()
    {
        var hasLetGo = _device.Stop();
        if (_device.IsRevoked)
        {
            LeaveAlone(hasLetGo);
            return;
        }

        if (!await _connection.IsReadyAsync() || _isLeftAlone)
        {
            Rest();
            return;
        }

        if (!_device.TryPrepare(await _connection.ReadMostQueuesAsync(), OnEvent, out var queues))
        {
            // It is ready for another connection and holds pages of the last: once more.
            _isLeftAlone = true;
            await _connection.SetStateAsync(XenBusState.Closing);
        }
        else if (!await _connection.ConnectAsync(queues))
        {
            _device.Stop();
        }

        // Its next change is told; should it be silent, this looks again.
        Rest();
    }

    /// <summary>Ends the actors of the other queues, and the use of the rings: nobody but this actor touches the device any more.</summary>
    private async ValueTask StopAsync()
    {
        await _further.CloseAsync();
        _device.Stop();
        _timer.Cancel();
    }

    /// <summary>Nothing will be granted again. As long as the other half has pages it is looked whether it still does, and then never again.</summary>
    private void LeaveAlone(bool hasLetGo)
    {
        _isResting = true;
        if (!hasLetGo)
        {
            Rest();
        }
    }

    private void Rest()
    {
        _isResting = true;
        _timer.Restart(RestDelay);
    }

    private static bool Take(ref int flag) => ProcessorMemory.LoadAcquire(ref flag) != 0 && ProcessorMemory.Exchange(ref flag, 0) != 0;

    /// <summary>Runs on a worker, outside this actor's turns.</summary>
    private void OnEvent()
    {
        if (ProcessorMemory.Exchange(ref _interrupted, 1) == 0)
        {
            _self!.TryTell(BlockDeviceMessage.Interrupt());
        }
    }

    /// <summary>Runs in the turn of xenstore's client.</summary>
    private void OnOtherChanged()
    {
        if (ProcessorMemory.Exchange(ref _otherChanged, 1) == 0)
        {
            _self!.TryTell(BlockDeviceMessage.Interrupt());
        }
    }
}

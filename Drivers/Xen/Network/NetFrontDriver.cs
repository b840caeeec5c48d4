// xen/include/public/io/netif.h and io/xenbus.h: how a front end connects, is cut off, and connects anew.
using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;
using Troupe.Drivers.Queues;

namespace Troupe.Drivers.Xen;

/// <summary>
/// The actor that drives the guest's half of a Xen network card. Spawn it with a factory and <see cref="FailurePolicy.Restart"/>: a new
/// incarnation on the same <see cref="NetFrontDevice"/> has the other half close, and connects again.
/// </summary>
/// <remarks>
/// <para>
/// <b>Events are not lost</b> even when the mailbox is full: the callback sets a flag before it tries to post, and every message that is handled looks
/// at the flag. A full mailbox has messages to handle.
/// </para>
/// <para>
/// <b>Of several queues</b> the first is this actor's own, and each other one is a child's (<see cref="FurtherQueues{TMessage}"/>). Frames to send are handed on to the queue of their flow.
/// </para>
/// <para>
/// <b>An other half that lies</b> is counted, cut off (its grants are taken back) and connected to anew after a while.
/// </para>
/// <para>
/// <b>When its capability was revoked</b>, the incarnation that finds out fails, and the next ones take back what the other half lets go, and begin no connection.
/// </para>
/// </remarks>
public sealed class NetFrontDriver : Actor<NetworkDeviceMessage>, IRestartsToSwap
{
    private static readonly TimeSpan RestDelay = TimeSpan.FromSeconds(1);

    private readonly NetFrontDevice _device;
    private readonly NetFrontConnection _connection;
    private readonly FurtherQueues<NetworkDeviceMessage> _further;
    private ActorRef<NetworkDeviceMessage>? _self;
    private TimerHandle _timer;
    private int _interrupted;
    private int _otherChanged;
    private bool _isWatching;
    private bool _isResting;

    /// <summary>Creates an incarnation of the driver.</summary>
    /// <param name="device">The device.</param>
    /// <param name="store">xenstore's client.</param>
    /// <param name="path">The device's node in xenstore.</param>
    public NetFrontDriver(NetFrontDevice device, ActorRef<XenStoreMessage> store, string path)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(store);
        _device = device;
        _connection = new NetFrontConnection(store, path);
        // A full mailbox has messages to handle, and each looks.
        _further = new FurtherQueues<NetworkDeviceMessage>(() => _self!.TryTell(NetworkDeviceMessage.Interrupt()));
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _self = Context.Self;
        _timer = Context.CreateTimer(NetworkDeviceMessage.Continue());
        _self.TryTell(NetworkDeviceMessage.Continue());
    }

    /// <inheritdoc/>
    protected override void Stopped() => _device.Stop();

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(NetworkDeviceMessage message)
    {
        if (_further.AreOpen)
        {
            if (message.Kind is NetworkDeviceMessageKind.Attach or NetworkDeviceMessageKind.Detach)
            {
                return CloseAndHandleAsync(message);
            }

            if (message.Kind == NetworkDeviceMessageKind.Transmit && _further.SenderOf(message.Frames) is { } queue)
            {
                // Like every other message it looks for an event.
                ValueTask turn = TurnAsync(default);
                return turn.IsCompletedSuccessfully ? queue.TellAsync(message) : HandOnAsync(turn, queue, message);
            }
        }

        return TurnAsync(message);
    }

    private ValueTask TurnAsync(NetworkDeviceMessage message)
    {
        try
        {
            Handle(in message);
            if (Take(ref _interrupted))
            {
                _device.CountEvent();
                if (_device.Service())
                {
                    ProcessorMemory.Exchange(ref _interrupted, 1);
                    _self!.TryTell(NetworkDeviceMessage.Continue());
                }
            }
            else if (_device.IsHeldBack)
            {
                _device.Service();
            }

            if (_further.HaveViolation)
            {
                throw new XenViolationException($"{_device.Name}: the other half broke the rules in another queue.");
            }
        }
        catch (XenViolationException)
        {
            _device.CountViolation();
            return CutOffAsync();
        }

        return GoOnAsync();
    }

    private ValueTask GoOnAsync()
    {
        OpenQueues();
        WatchDevice();
        var hasOtherChanged = ProcessorMemory.LoadAcquire(ref _otherChanged) != 0;
        return hasOtherChanged || (!_isResting && (!_isWatching || !_device.IsRunning)) ? FollowAsync() : default;
    }

    private void OpenQueues()
    {
        if (!_further.AreOpen && _device.MayOpenQueues)
        {
            _further.Open(Context, _device.FurtherQueues, NetworkQueueActor.Spawn);
        }
    }

    private async ValueTask CutOffAsync()
    {
        await StopDeviceAsync();
        Rest();
        await GoOnAsync();
    }

    private async ValueTask StopDeviceAsync()
    {
        await _further.CloseAsync();
        _device.Stop();
    }

    private async ValueTask CloseAndHandleAsync(NetworkDeviceMessage message)
    {
        await _further.CloseAsync();
        await TurnAsync(message);
    }

    private static async ValueTask HandOnAsync(ValueTask turn, ActorRef<NetworkDeviceMessage> queue, NetworkDeviceMessage message)
    {
        await turn;
        // If the queue's actor has ended meanwhile, the message is a dead letter, and its frames go back.
        await queue.TellAsync(message);
    }

    private void Handle(in NetworkDeviceMessage message)
    {
        switch (message.Kind)
        {
            case NetworkDeviceMessageKind.Transmit:
                _device.Transmit(message.Frames);
                break;
            case NetworkDeviceMessageKind.Attach:
                _device.Attach(message.Client!);
                break;
            case NetworkDeviceMessageKind.Detach:
                _device.Detach();
                break;
            case NetworkDeviceMessageKind.GetStatistics:
                message.StatisticsReply.Set(_device.ReadStatistics());
                break;
            case NetworkDeviceMessageKind.Continue:
                _isResting &= _timer.IsActive;
                _device.CatchUp();
                break;
            case NetworkDeviceMessageKind.None:
            case NetworkDeviceMessageKind.Interrupt:
            default:
                break;
        }
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
            if (_device.IsRunning)
            {
                if (await _connection.ReadOtherStateAsync() is XenBusState.Closing or XenBusState.Closed)
                {
                    await StopDeviceAsync();
                }
                else
                {
                    return;
                }
            }

            if (_device.IsRevoked)
            {
                LeaveAlone();
                return;
            }

            if (!await _connection.IsReadyAsync())
            {
                // Its next change is told; should it be silent, this looks again.
                Rest();
                return;
            }

            var abilities = await _connection.ReadAbilitiesAsync();
            if (abilities is null || !_device.TryPrepare(abilities.Value.MostQueues, OnEvent, out var queues) || !await _connection.ConnectAsync(queues, _device.Options))
            {
                Rest();
                return;
            }

            _device.Start(abilities.Value);
            // What it rested for is over, and what is held back is looked at long before that time.
            _isResting = false;
            _timer.Cancel();
            OpenQueues();
            WatchDevice();
        }
        catch (Exception exception) when (exception is AskTimeoutException or AskFailedException || (exception is CapabilityException && !_device.IsRevoked))
        {
            Rest();
        }
    }

    /// <summary>Looks again after a while, or at the other half's next change.</summary>
    private void WatchDevice()
    {
        if ((_device.IsHeldBack || _device.IsStarved || _device.IsStatusUntold) && !_timer.IsActive)
        {
            _timer.Restart(_device.IsHeldBack ? QueueDelays.Hold : QueueDelays.CatchUp);
        }
    }

    /// <summary>Nothing will be granted again. As long as the other half has frames it is looked whether it still does, and then never again.</summary>
    private void LeaveAlone()
    {
        _isResting = true;
        if (!_device.Stop())
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
            _self!.TryTell(NetworkDeviceMessage.Interrupt());
        }
    }

    /// <summary>Runs in the turn of xenstore's client.</summary>
    private void OnOtherChanged()
    {
        if (ProcessorMemory.Exchange(ref _otherChanged, 1) == 0)
        {
            _self!.TryTell(NetworkDeviceMessage.Interrupt());
        }
    }
}

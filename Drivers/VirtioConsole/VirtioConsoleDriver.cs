using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioConsole;

/// <summary>
/// The actor that drives a virtio console device. Spawn it with a factory and <see cref="FailurePolicy.Restart"/>: a new incarnation on the same <see cref="VirtioConsoleDevice"/> resets the
/// device and finds its ports again; clients are told that theirs are closed, and open.
/// </summary>
/// <remarks>
/// <para>
/// <b>Nobody is waited for.</b> A host that does not read leaves the client without buffers to send, and nothing else. A client that does not take what came leaves the device without buffers to
/// receive into, which holds the host back.
/// </para>
/// <para>
/// <b>A lying device</b> is reset at once; after several lies without anything good in between it is left in reset for a second.
/// </para>
/// </remarks>
public sealed class VirtioConsoleDriver : Actor<ConsolePortMessage>, IRestartsToSwap
{
    /// <summary>When a client that had no room is tried again.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(10);

    private readonly VirtioConsoleDevice _device;
    private readonly DeviceRecovery _recovery;
    private ActorRef<ConsolePortMessage>? _self;
    private TimerHandle _timer;
    private int _interrupted;

    /// <summary>Creates an incarnation of the driver.</summary>
    public VirtioConsoleDriver(VirtioConsoleDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
        _recovery = new DeviceRecovery(() => device.Start(OnInterrupt), device.Stop, delay => _timer.Restart(delay), device.Arena);
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _self = Context.Self;
        _timer = Context.CreateTimer(ConsolePortMessage.Deadline());
        if (_device.WasStarted)
        {
            _recovery.Begin();
        }
        else
        {
            _device.Start(OnInterrupt);
        }

        TellClients();
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
            _device.TryDeliver();
        }
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(ConsolePortMessage message)
    {
        try
        {
            Handle(in message);
            // The flag is looked at in each turn, so that a full mailbox loses no interrupt.
            if (ProcessorMemory.LoadAcquire(ref _interrupted) != 0 && ProcessorMemory.Exchange(ref _interrupted, 0) != 0 && !_device.TakeInterrupt())
            {
                throw new DeviceViolationException($"{_device.Name} asks for a reset.");
            }

            if (_device.Service())
            {
                OnInterrupt();
            }
        }
        catch (DeviceViolationException)
        {
            _device.CountViolation();
            _recovery.OnViolation(_device.Progress);
        }

        TellClients();
        return default;
    }

    private void Handle(in ConsolePortMessage message)
    {
        switch (message.Kind)
        {
            case ConsolePortMessageKind.Attach:
                _device.Attach(message.Name!, message.Client!);
                break;
            case ConsolePortMessageKind.Detach:
                _device.Detach(message.Client!);
                break;
            case ConsolePortMessageKind.Send:
                _device.Send(message.Port!, message.Octets);
                break;
            case ConsolePortMessageKind.GetStatistics:
                message.StatisticsReply.Set(_device.ReadStatistics());
                break;
            case ConsolePortMessageKind.Deadline:
                _recovery.GoOn();
                break;
            case ConsolePortMessageKind.None:
            case ConsolePortMessageKind.Resume:
            case ConsolePortMessageKind.Interrupt:
            default:
                break;
        }
    }

    /// <summary>The timer is the recovery's while the device rests; what clients had no room for is told when it is over.</summary>
    private void TellClients()
    {
        if (!_device.TryDeliver() && !_recovery.IsResting && !_timer.IsActive)
        {
            _timer.Restart(RetryDelay);
        }

        // In each turn, because a full mailbox may have refused the news that buffers came back.
        _device.Refill();
    }

    /// <summary>Runs on a worker, outside this actor's turns, and where the driver puts off work to its next turn.</summary>
    private void OnInterrupt()
    {
        if (ProcessorMemory.Exchange(ref _interrupted, 1) == 0)
        {
            _self!.TryTell(ConsolePortMessage.Interrupt());
        }
    }
}

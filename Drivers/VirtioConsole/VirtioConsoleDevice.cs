// VIRTIO 1.2, section 5.3: console device.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioConsole;

/// <summary>
/// A virtio console device and all that outlives one incarnation of its driver: clients, buffers, counters. Its methods run in the turns of one actor, <see cref="VirtioConsoleDriver"/>.
/// The parts: .Control (what the device says of its ports), .Clients (who uses them).
/// </summary>
public sealed partial class VirtioConsoleDevice
{
    /// <summary>Ports that are served; a device that has more is told that these are all.</summary>
    public const int MaximumPorts = 16;

    /// <summary>Bytes of DMA memory that suffice: the buffers of all ports, and queues with their messages twice because one set may be in quarantine.</summary>
    public const long RequiredDmaMemory = (MaximumPorts * PortBuffers.RequiredMemory) + (2L * ((MaximumPorts + 1) * RingMemory)) + (2L * ControlQueues.RequiredMemory);

    /// <summary>More than both rings of a port take, in pages.</summary>
    private const int RingMemory = 2 * 4096;

    /// <summary>How often the rings are looked at in one turn; a device that is always done with something must not hold the processor.</summary>
    private const int MaximumPasses = 4;

    private readonly IVirtioTransport _transport;
    private readonly DmaArena _arena;
    private readonly ConsolePort[] _ports = new ConsolePort[MaximumPorts];
    private int _portCount;
    private ulong _features;
    private int _incarnation;
    private long _receivedOctets, _receiveDropped, _sentOctets, _sendDropped, _sendLostInReset, _interrupts, _violations, _resets, _refusedResets;

    /// <summary>Takes the device behind <paramref name="transport"/>; its memory comes from <paramref name="arena"/>.</summary>
    public VirtioConsoleDevice(IVirtioTransport transport, DmaArena arena)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(arena);
        _transport = transport;
        _arena = arena;
        for (var number = 0; number < MaximumPorts; number++)
        {
            _ports[number] = new ConsolePort(number);
        }
    }

    /// <summary>Where the device is.</summary>
    public string Name => _transport.Name;

    /// <summary>Whether the device is up and its rings are in use.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>What its memory comes from.</summary>
    internal DmaArena Arena => _arena;

    /// <summary>Whether it was started before, by this incarnation of the driver or an earlier one.</summary>
    internal bool WasStarted => _incarnation > 0;

    /// <summary>A number that moves on with whatever the device does well.</summary>
    internal long Progress => _controlMessages + _receivedOctets + _sentOctets;

    private bool IsMultiport => _control is not null;

    private ReadOnlySpan<ConsolePort> Ports => _ports.AsSpan(0, _portCount);

    /// <summary>
    /// Resets the device whatever state it is in, closes the ports of all clients, and brings the device up; <paramref name="onInterrupt"/> is called for each interrupt from then on.
    /// </summary>
    /// <exception cref="VirtioException">It cannot be driven.</exception>
    public void Start(Action onInterrupt)
    {
        Stop();
        _resets += WasStarted ? 1 : 0;
        _incarnation++;
        _features = VirtioHandshake.Negotiate(_transport, static _ => VirtioFeatures.EventIndex | VirtioConsoleFeatures.Size | VirtioConsoleFeatures.Multiport);
        _transport.ConnectInterrupts(onInterrupt);
        var isMultiport = (_features & VirtioConsoleFeatures.Multiport) != 0;
        _portLimit = isMultiport ? VirtioConsoleConfiguration.ReadPortCount(_transport) : 1;
        _portCount = (int)Math.Min(_portLimit, MaximumPorts);
        foreach (var port in Ports)
        {
            port.CreateQueues(_transport, _arena, _features);
        }

        _control = isMultiport ? new ControlQueues(_transport, _arena, _features) : null;
        VirtioHandshake.Finish(_transport);
        IsRunning = true;
        if (_control is { } control)
        {
            control.Start();
        }
        else
        {
            AddConsole();
        }
    }

    /// <summary>Clients hear that their ports are closed, and the device is reset. If it never is, because its capability was revoked, the buffers that it has stay rented for good.</summary>
    /// <exception cref="VirtioException">The reset does not come to an end; the device keeps its buffers until one does.</exception>
    /// <exception cref="CapabilityException">The capability was revoked.</exception>
    public void Stop()
    {
        IsRunning = false;
        foreach (var port in _ports)
        {
            Remove(port);
            port.DisposeQueues();
        }

        _control?.Dispose();
        _control = null;
        // Until the reset is seen complete the device may still write into buffers; then, and not before, they are taken back.
        VirtioHandshake.EndUse(_transport, _arena, TakeBack, GiveUp);
    }

    private void TakeBack()
    {
        foreach (var port in _ports)
        {
            _sendLostInReset += port.Abandon();
        }
    }

    private void GiveUp()
    {
        _refusedResets++;
        foreach (var port in _ports)
        {
            _sendLostInReset += port.GiveUp();
        }
    }

    internal void CountViolation() => _violations++;

    internal ConsolePortStatistics ReadStatistics() => new()
    {
        Ports = _ports.Count(static port => port.IsAdded),
        ReceivedOctets = _receivedOctets,
        ReceiveDropped = _receiveDropped,
        SentOctets = _sentOctets,
        SendDropped = _sendDropped,
        SendLostInReset = _sendLostInReset,
        ControlMessages = _controlMessages,
        ControlIgnored = _controlIgnored,
        PortsRefused = _portsRefused,
        Interrupts = _interrupts,
        DeviceViolations = _violations,
        Resets = _resets,
        RefusedResets = _refusedResets,
    };

    /// <summary>
    /// Deals with an interrupt: lowers the line first, then lets it fire again; the rings are looked at afterwards, by <see cref="Service"/>. False: the device asks for a reset.
    /// </summary>
    internal bool TakeInterrupt()
    {
        if (!IsRunning)
        {
            // Interrupts of the time before a reset still arrive; the line must not stay masked for the next start.
            _transport.AcknowledgeInterrupt();
            return true;
        }

        _interrupts++;
        var causes = _transport.TakeInterruptCauses();
        _transport.AcknowledgeInterrupt();
        if ((causes & VirtioInterruptCauses.Configuration) == 0)
        {
            return true;
        }

        if ((_transport.ReadStatus() & VirtioStatus.NeedsReset) != 0)
        {
            return false;
        }

        TellSize();
        return true;
    }

    /// <summary>Takes what the device has done; true if there may be more to take.</summary>
    internal bool Service()
    {
        if (!IsRunning)
        {
            return false;
        }

        for (var pass = 0; pass < MaximumPasses; pass++)
        {
            TakeControl();
            foreach (var port in Ports)
            {
                // Without buffers it never had anything.
                if (port.Buffers is not null)
                {
                    TakeReceived(port);
                    TakeSent(port);
                }
            }

            if (TryEnableInterrupts())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Gives the device what buffers came back.</summary>
    internal void Refill()
    {
        if (!IsRunning)
        {
            return;
        }

        foreach (var port in Ports)
        {
            port.Refill();
        }
    }

    private void TakeReceived(ConsolePort port)
    {
        while (port.HasReceived)
        {
            // That the port is open the device said before it had anything to send, but perhaps after the last look at its messages: so it is looked at what is there before octets are judged.
            if (port.Opening is null)
            {
                TakeControl();
            }

            if (!port.TryTakeReceived(out var octets))
            {
                return;
            }

            if (port.Opening is null)
            {
                _receiveDropped += octets.Length;
                octets.Dispose();
            }
            else
            {
                _receivedOctets += octets.Length;
                port.Client!.Tell(ConsolePortEvent.Received(octets));
            }
        }
    }

    private void TakeSent(ConsolePort port)
    {
        var octets = port.TakeSent();
        if (octets >= 0)
        {
            _sentOctets += octets;
            port.Client?.TellSent();
        }
    }

    private bool TryEnableInterrupts()
    {
        var isDone = _control?.TryEnableInterrupts() ?? true;
        foreach (var port in Ports)
        {
            isDone &= port.Buffers is null || port.TryEnableInterrupts();
        }

        return isDone;
    }
}

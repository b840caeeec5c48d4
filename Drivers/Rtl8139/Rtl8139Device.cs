// Realtek RTL8139C(L)+ data sheet. The C+ mode, with its rings of descriptors, is left off: this is the mode that all revisions have.
using System.Buffers.Binary;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.Rtl8139;

/// <summary>
/// An RTL8139 network card and all that outlives one incarnation of its driver: the card's memory, the frame pools, the attached client, the counters.
/// Its methods run in the turns of one actor, <see cref="Rtl8139Driver"/>. The parts: .Receive, .Transmit, .Client.
/// </summary>
/// <remarks>
/// The card reaches the receive ring and four transmit buffers, and nothing else: every frame is copied, which the ring demands on receiving and an alignment
/// that frames rarely have on sending. So the layers above hold memory that no card can change.
/// </remarks>
public sealed partial class Rtl8139Device : IFrameRings
{
    /// <summary>PCI vendor: Realtek.</summary>
    public const ushort Vendor = 0x10EC;

    /// <summary>PCI device, of all revisions.</summary>
    public const ushort Identifier = 0x8139;

    /// <summary>Bytes of memory that the card reaches.</summary>
    public const int RequiredDmaMemory = RingLength + RingMargin + (SlotCount * SlotLength);

    // The same registers are at ports (base address 0) and in memory (1).
    private const int MemoryRegisters = 1;

    /// <summary>How often the command is read before a reset is taken to have failed: on PCI a read takes about a microsecond.</summary>
    private const int MaximumResetPolls = 100_000;

    private const int EthernetHeaderLength = FrameTransmission.EthernetHeaderLength;
    private const int MaximumTransmissionUnit = 1500;
    private const int LongestFrame = MaximumTransmissionUnit + FrameTransmission.LongestEthernetHeader;

    private const byte LinkIsDown = 0x04;

    private readonly PciFunction _function;
    private readonly RegisterWindow _registers;
    private readonly InterruptLine _line;
    private readonly DmaArena _arena;
    private readonly Rtl8139Options _options;
    private readonly DmaBlock _ring;
    private readonly DmaBlock _slots;
    private readonly FramePool _receiveFrames;
    private readonly FramePool _transmitFrames;
    private readonly FrameBatchPool _batches;
    private readonly NetworkDeviceCounters _counters = new();
    private NetworkDeviceInformation? _information;
    private InterruptCauses _mask;

    /// <summary>Takes the card; its memory comes from <paramref name="arena"/>, once and for all incarnations.</summary>
    /// <exception cref="CapabilityException">Its interrupt is routed nowhere, or the arena lies above 4 GiB, where the card does not reach.</exception>
    /// <exception cref="Rtl8139Exception">It does not answer.</exception>
    public Rtl8139Device(PciFunction function, DmaArena arena, Rtl8139Options? options = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(arena);
        _function = function;
        _arena = arena;
        _options = options ?? new Rtl8139Options();
        _registers = function.OpenBar(MemoryRegisters);
        _line = function.OpenInterrupt();
        _ring = arena.Allocate(RingLength + RingMargin, DmaAlignment);
        _slots = arena.Allocate(SlotCount * SlotLength, DmaAlignment);
        _receiveFrames = FramePool.Create(new FramePoolOptions { FrameCount = _options.ReceiveFrameCount });
        _transmitFrames = FramePool.Create(new FramePoolOptions { FrameCount = _options.TransmitFrameCount });
        _batches = FrameBatchPool.Create(_options.BatchCount);
        _waiting = new TransmitQueue(this, _transmitFrames, _options.TransmitQueueLength, _counters);
        _reception = new FrameReception(this, _batches, _counters);
        _client = new AttachedClient(_reception);
        // Here and at each start: a card that does not answer, or does not reach its memory, is refused before it has a driver.
        Reset();
        StoreAddresses();
    }

    /// <summary>Where the card is.</summary>
    public string Name => _function.Name;

    /// <summary>Whether it sends and receives.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Whether the link was up when last looked at.</summary>
    public bool IsLinkUp { get; private set; }

    /// <summary>The pool that received frames come from.</summary>
    public FramePool ReceiveFrames => _receiveFrames;

    /// <summary>The pool that clients rent from.</summary>
    public FramePool TransmitFrames => _transmitFrames;

    /// <summary>The batches of both directions.</summary>
    public FrameBatchPool Batches => _batches;

    /// <summary>Whether its capability was revoked: it will never be started again.</summary>
    internal bool IsRevoked => _arena.IsRevoked;

    /// <summary>Whether it was started before, by this incarnation of the driver or an earlier one.</summary>
    internal bool WasStarted { get; private set; }

    internal long Progress => _counters.ReceivedFrames + _counters.TransmittedFrames;

    /// <summary>
    /// Resets the card whatever state it is in, and brings it up; <paramref name="onInterrupt"/> is called for each interrupt from then on. Tells the client.
    /// </summary>
    /// <exception cref="Rtl8139Exception">It does not answer.</exception>
    public void Start(Action onInterrupt)
    {
        Stop();
        Reset();
        _counters.Resets += WasStarted ? 1 : 0;
        WasStarted = true;
        StoreAddresses();
        _function.SetBusMaster(enabled: true);
        // Both configurations can be written only when what they configure is on.
        _registers.Write8(Register.Command, (byte)(Command.ReceiverEnable | Command.TransmitterEnable));
        _registers.Write32(Register.ReceiveConfiguration, ReceiveConfiguration);
        _registers.Write32(Register.TransmitConfiguration, TransmitConfiguration);
        _registers.Write32(Register.GroupFilter, uint.MaxValue);
        _registers.Write32(Register.GroupFilter + sizeof(uint), uint.MaxValue);
        _information = ReadInformation();
        IsLinkUp = ReadLink();
        IsRunning = true;
        _line.Connect(onInterrupt);
        AskForInterrupts();
        _client.Tell(State);
    }

    /// <summary>
    /// Tells the client, takes the bus away from the card, which so reaches no memory any more, and tells it to reset. What it had not sent is lost and counted. The card never reaches frames, so all
    /// are back whatever becomes of it.
    /// </summary>
    /// <exception cref="CapabilityException">The capability was revoked, so that the card was told nothing.</exception>
    public void Stop()
    {
        _line.Disconnect();
        _mask = InterruptCauses.None;
        _reception.Retire();
        AbandonReceive();
        AbandonTransmit();
        if (IsRunning)
        {
            IsRunning = false;
            _client.Tell(NetworkDeviceEvent.Stopped());
        }

        try
        {
            _function.SetBusMaster(enabled: false);
            _registers.Write8(Register.Command, (byte)Command.Reset);
        }
        catch (CapabilityException revoked) when (IsRevoked)
        {
            _counters.RefusedResets++;
            throw new CapabilityException($"{Name} was not reset, because its capability was revoked. What it has of our memory is used for nothing else any more.", revoked);
        }
    }

    /// <summary>
    /// Deals with an interrupt: makes the card lower the line first, then lets it fire again; the ring is looked at afterwards, by <see cref="Service"/>, so that
    /// nothing that happens in between is missed.
    /// </summary>
    /// <exception cref="Rtl8139Exception">The card is gone or broken.</exception>
    internal void TakeInterrupt()
    {
        if (!IsRunning)
        {
            // Interrupts of the time before a stop still arrive.
            return;
        }

        _counters.Interrupts++;
        var causes = (InterruptCauses)_registers.Read16(Register.InterruptStatus);
        _registers.Write16(Register.InterruptStatus, (ushort)causes);
        _line.Acknowledge();
        if ((causes & (InterruptCauses.Reserved | InterruptCauses.SystemError)) != 0)
        {
            throw new Rtl8139Exception($"{Name} interrupts for 0x{(ushort)causes:x4}: it is gone, or failed on the bus.");
        }

        _counters.ReceiveOverflows += (causes & (InterruptCauses.RingOverflow | InterruptCauses.FifoOverflow)) != 0 ? 1 : 0;
        if ((causes & InterruptCauses.LinkChanged) != 0)
        {
            LookAtLink();
        }
    }

    /// <summary>Hands on up to a turn's budget of received frames, and sends what waits. True: more may be in the ring, and no interrupt will tell of it.</summary>
    /// <exception cref="Rtl8139Exception">The card said something that cannot be.</exception>
    internal bool Service()
    {
        if (!IsRunning)
        {
            return false;
        }

        var taken = _reception.Receive(_options.ReceiveBudget);
        PumpTransmit();
        AskForInterrupts();
        return taken == _options.ReceiveBudget;
    }

    /// <summary>
    /// Those that somebody waits for. While packets are left in the ring for want of room above, more of them are no news: a timer looks after them.
    /// A cause that came up while it was masked interrupts when it is unmasked, so nothing is missed.
    /// </summary>
    private void AskForInterrupts()
    {
        var wanted = InterruptCauses.TransmitError | InterruptCauses.LinkChanged | InterruptCauses.SystemError;
        wanted |= IsHeldBack ? InterruptCauses.None : InterruptCauses.Received | InterruptCauses.RingOverflow | InterruptCauses.FifoOverflow;
        wanted |= _waiting.Count > 0 ? InterruptCauses.Transmitted : InterruptCauses.None;
        if (wanted != _mask)
        {
            _mask = wanted;
            _registers.Write16(Register.InterruptMask, (ushort)wanted);
        }
    }

    private void Reset()
    {
        _function.SetBusMaster(enabled: false);
        _registers.Write8(Register.Command, (byte)Command.Reset);
        for (var poll = 0; poll < MaximumResetPolls; poll++)
        {
            if (((Command)_registers.Read8(Register.Command) & Command.Reset) == 0)
            {
                _arena.DeviceWasReset();
                return;
            }
        }

        throw new Rtl8139Exception($"{Name} does not finish its reset.");
    }

    private void StoreAddresses()
    {
        _registers.StoreAddress32(Register.ReceiveRing, _ring, 0);
        for (var slot = 0; slot < SlotCount; slot++)
        {
            _registers.StoreAddress32(Register.TransmitAddress + (slot * sizeof(uint)), _slots, slot * SlotLength);
        }
    }

    private void LookAtLink()
    {
        var isLinkUp = ReadLink();
        if (isLinkUp != IsLinkUp)
        {
            IsLinkUp = isLinkUp;
            // A client that has not been told of the start is told that, with the link's new state.
            _client.Tell(IsStatusUntold ? State : NetworkDeviceEvent.LinkChanged(isLinkUp));
        }
    }

    private bool ReadLink() => (_registers.Read8(Register.MediaStatus) & LinkIsDown) == 0;

    private NetworkDeviceInformation ReadInformation()
    {
        var first = BinaryPrimitives.ReverseEndianness(_registers.Read32(Register.HardwareAddress));
        var last = BinaryPrimitives.ReverseEndianness((ushort)_registers.Read32(Register.HardwareAddress + sizeof(uint)));
        return new NetworkDeviceInformation
        {
            Name = Name,
            HardwareAddress = new HardwareAddress(((ulong)first << 16) | last),
            MaximumTransmissionUnit = MaximumTransmissionUnit,
            TransmitFrames = _transmitFrames,
            Batches = _batches,
        };
    }

    /// <summary>The card wants 4; a page keeps the ring from sharing one.</summary>
    private const int DmaAlignment = 4096;
}

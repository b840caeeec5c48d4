// VIRTIO 1.2, sections 4.2 (MMIO) and 5.1 (network device), from the device's side.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;

namespace Troupe.Verification.Simulator;

/// <summary>A virtio network device at a port of the simulated network. What the standard forbids a driver is an invariant that did not hold.</summary>
internal sealed class SimulatedNetDevice : PlatformDevice
{
    private const int HeaderLength = 12;
    private const int ReceiveQueue = 0;
    private const int TransmitQueue = 1;

    private readonly SimulatedMemory _memory = new();
    private readonly List<SimulatedQueue.Piece> _pieces = [];
    private readonly Window _window;
    private readonly Action<byte[]> _transmit;
    private readonly Action _notified;
    private bool _crashIsDue;
    private bool _isNotified;

    public SimulatedNetDevice(string name, ulong hardware, bool hasEventIndex, int ring, Func<bool> loses, Action notified, Action<byte[]> transmit)
    {
        Name = name;
        Ring = ring;
        Features = VirtioFeatures.Version1 | (hasEventIndex ? VirtioFeatures.EventIndex : 0) | (1UL << 5) | (1UL << 16);
        for (int octet = 0; octet < 6; octet++)
            Configuration[octet] = (byte)(hardware >> (40 - 8 * octet));
        Configuration[6] = 1;
        Queues = [new(_memory, () => HasEventIndex), new(_memory, () => HasEventIndex)];
        _window = new(this);
        Line = new(() => InterruptStatus != 0, loses);
        (_notified, _transmit) = (notified, transmit);
    }

    public override string Name { get; }

    public int Ring { get; }

    public ulong Features { get; }

    public ulong DriverFeatures { get; private set; }

    public byte[] Configuration { get; } = new byte[16];

    public SimulatedQueue[] Queues { get; }

    public SimulatedLine Line { get; }

    public SimulatedArena? Arena { get; private set; }

    public uint InterruptStatus { get; private set; }

    public VirtioStatus Status { get; private set; }

    public long Resets { get; private set; }

    /// <summary>Frames put into the ring, and frames for which it had no room.</summary>
    public long Delivered { get; private set; }

    public long Overrun { get; private set; }

    /// <summary>Frames taken from the ring.</summary>
    public long Taken { get; private set; }

    private bool HasEventIndex => (DriverFeatures & VirtioFeatures.EventIndex) != 0;

    private bool IsRunning => (Status & VirtioStatus.DriverOk) != 0 && (Status & VirtioStatus.NeedsReset) == 0;

    public override RegisterWindow OpenRegisters() => _window;

    public override InterruptLine OpenInterrupt() => Line;

    public override DmaArena CreateArena(long limit) => Arena = new(_memory, limit);

    public override void Revoke()
    {
    }

    /// <summary>The driver fails when it next touches the device.</summary>
    public void CrashDriver() => _crashIsDue = true;

    /// <summary>A frame arrives from the network.</summary>
    public void Receive(byte[] frame)
    {
        if (!IsRunning)
            return;
        if (!Queues[ReceiveQueue].TryPop(out ushort head, _pieces))
        {
            Overrun++;
            return;
        }

        Span<byte> buffer = _memory.At(_pieces[0].Address, _pieces[0].Length);
        if (_pieces.Count != 1 || buffer.Length < HeaderLength + frame.Length)
            throw new InvariantException($"{Name}: a receive buffer of {buffer.Length} octets in {_pieces.Count} pieces for a frame of {frame.Length}.");
        buffer[..HeaderLength].Clear();
        buffer[10] = 1;
        frame.CopyTo(buffer[HeaderLength..]);
        Delivered++;
        Finish(ReceiveQueue, head, HeaderLength + frame.Length);
    }

    /// <summary>Sends what the driver put into the ring.</summary>
    public void ServeTransmit()
    {
        while (IsRunning && Queues[TransmitQueue].TryPop(out ushort head, _pieces))
        {
            int length = _pieces.Sum(static piece => piece.Length) - HeaderLength;
            byte[] bytes = new byte[length + HeaderLength];
            int at = 0;
            foreach (SimulatedQueue.Piece piece in _pieces)
            {
                _memory.At(piece.Address, piece.Length).CopyTo(bytes.AsSpan(at));
                at += piece.Length;
            }

            Taken++;
            if (bytes.AsSpan(0, 10).ContainsAnyExcept((byte)0))
                throw new InvariantException($"{Name}: the header of a frame asks for what was not agreed upon.");
            _transmit(bytes[HeaderLength..]);
            Finish(TransmitQueue, head, 0);
        }
    }

    /// <summary>The device needs a reset and says so.</summary>
    public void AskForReset()
    {
        if (!IsRunning)
            return;
        Status |= VirtioStatus.NeedsReset;
        Interrupt(2);
    }

    /// <summary>The device gives back a buffer that it was never given.</summary>
    public void Lie()
    {
        if (IsRunning && Queues[ReceiveQueue].Ready && Queues[ReceiveQueue].Push(0xFFFF, 60))
            Interrupt(1);
    }

    private void Finish(int queue, ushort head, int written)
    {
        if (Queues[queue].Push(head, (uint)written))
            Interrupt(1);
    }

    private void Interrupt(uint cause)
    {
        InterruptStatus |= cause;
        Line.Raise();
    }

    private void WriteStatus(VirtioStatus status)
    {
        Status = status;
        if (status != VirtioStatus.Reset)
            return;
        Resets++;
        _isNotified = false;
        DriverFeatures = 0;
        InterruptStatus = 0;
        foreach (SimulatedQueue queue in Queues)
            queue.Reset();
    }

    private void Touched()
    {
        if (!_crashIsDue)
            return;
        _crashIsDue = false;
        throw new PlannedCrashException();
    }

    private sealed class Window(SimulatedNetDevice device) : RegisterWindow(0x200)
    {
        private uint _deviceSelect;
        private uint _driverSelect;
        private int _queue;

        private SimulatedQueue Queue => device.Queues[_queue];

        protected override byte Read8Core(int offset) => device.Configuration[offset - 0x100];

        protected override ushort Read16Core(int offset) => BitConverter.ToUInt16(device.Configuration, offset - 0x100);

        protected override uint Read32Core(int offset)
        {
            if (offset == 0x060)
                device.Touched();
            return offset switch
            {
                0x000 => 0x74726976,
                0x004 => 2,
                0x008 => (uint)VirtioDeviceType.Network,
                0x00c => 0x554d4551,
                0x010 => (uint)(device.Features >> (int)(32 * _deviceSelect)),
                0x034 => _queue < device.Queues.Length ? (uint)device.Ring : 0,
                0x044 => Queue.Ready ? 1u : 0,
                0x060 => device.InterruptStatus,
                0x070 => (uint)device.Status,
                0x0fc => 0,
                >= 0x100 => BitConverter.ToUInt32(device.Configuration, offset - 0x100),
                _ => throw new InvariantException($"Register 0x{offset:x} may not be read."),
            };
        }

        protected override void Write8Core(int offset, byte value) => throw new InvariantException("Registers are written by 32 bits.");

        protected override void Write16Core(int offset, ushort value) => throw new InvariantException("Registers are written by 32 bits.");

        protected override void Write32Core(int offset, uint value)
        {
            switch (offset)
            {
                case 0x014:
                    _deviceSelect = value;
                    break;
                case 0x024:
                    _driverSelect = value;
                    break;
                case 0x020:
                    device.DriverFeatures = _driverSelect == 0
                        ? (device.DriverFeatures & 0xFFFF_FFFF_0000_0000) | value
                        : (device.DriverFeatures & 0xFFFF_FFFF) | ((ulong)value << 32);
                    break;
                case 0x030:
                    _queue = (int)value;
                    break;
                case 0x038:
                    Queue.Size = (int)value;
                    break;
                case 0x044:
                    Queue.Ready = value == 1;
                    break;
                case 0x050:
                    // The first is of the start: a driver that cannot even start is given up, which is no crash to be survived.
                    if (device._isNotified)
                        device.Touched();
                    device._isNotified = true;
                    if ((device.Status & VirtioStatus.DriverOk) == 0)
                        throw new InvariantException("The driver notified before DRIVER_OK.");
                    if (value == TransmitQueue)
                        device._notified();
                    break;
                case 0x064:
                    device.InterruptStatus &= ~value;
                    break;
                case 0x070:
                    device.WriteStatus((VirtioStatus)value);
                    break;
                default:
                    throw new InvariantException($"Register 0x{offset:x} may not be written.");
            }
        }

        protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset)
        {
            ulong address = ((SimulatedBlock)target).Address + (ulong)targetOffset;
            switch (offset)
            {
                case 0x080:
                    Queue.Descriptors = address;
                    break;
                case 0x090:
                    Queue.Available = address;
                    break;
                case 0x0a0:
                    Queue.Used = address;
                    break;
                default:
                    throw new InvariantException($"Register 0x{offset:x} takes no address.");
            }
        }
    }
}

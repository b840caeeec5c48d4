using System.Buffers.Binary;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

/// <summary>A virtio function on PCI: capability list, common structure at 0x000, ISR at 0x100, device at 0x200, notify at 0x300, all in BAR 4.</summary>
internal sealed class FakePciDevice : PciFunction
{
    private const int NotifyMultiplier = 4;
    private readonly FakeVirtioDevice _device;
    private readonly Bar _bar;
    private readonly FakeLine[] _vectors;
    private readonly FakeGrants _grants = new();

    public FakePciDevice(FakeVirtioDevice device, int vectors)
    {
        _device = device;
        Line = _grants.Add(new FakeLine(() => vectors == 0 && device.InterruptStatus != 0));
        _vectors = [.. Enumerable.Range(0, vectors).Select(_ => _grants.Add(new FakeLine(null)))];
        _bar = new Bar(device, vectors);
        device.Deliver = queue =>
        {
            if (vectors == 0)
            {
                Line.Raise();
                return;
            }

            var vector = queue < 0 ? _bar.ConfigurationVector : _bar.QueueVectors[queue];
            if (vector != 0xFFFF)
            {
                _vectors[vector].Raise();
            }
        };
        BinaryPrimitives.WriteUInt32LittleEndian(Space, 0x1af4u | ((0x1040u + (uint)device.Type) << 16));
        BinaryPrimitives.WriteUInt32LittleEndian(Space.AsSpan(4), 1u << 20);
        Space[0x34] = 0x40;
        AddCapability(0x40, 0x50, 1, 0x000, 56);
        AddCapability(0x50, 0x64, 2, 0x300, 0x100);
        Space[0x52] = 20;
        BinaryPrimitives.WriteUInt32LittleEndian(Space.AsSpan(0x60), NotifyMultiplier);
        AddCapability(0x64, 0x74, 3, 0x100, 1);
        AddCapability(0x74, 0, 4, 0x200, 0x40);
    }

    public byte[] Space { get; } = new byte[256];

    public FakeLine Line { get; }

    public IReadOnlyList<FakeLine> Vectors => _vectors;

    /// <summary>The vector of each queue.</summary>
    public IReadOnlyList<int> QueueVectors => _bar.QueueVectors;

    public bool IsBusMaster { get; private set; }

    public override string Name => "pci 00:03.0";

    public override PciAddress Address => new(0, 3, 0);

    public override int VectorCount => _vectors.Length;

    public override uint ReadConfiguration(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(Space.AsSpan(offset));

    public override RegisterWindow OpenBar(int bar) => bar == 4 ? _grants.Window(_bar) : throw new CapabilityException($"No register {bar}.");

    public override InterruptLine OpenVector(int vector) => _vectors[vector];

    public override InterruptLine OpenInterrupt() => Line;

    public override void SetBusMaster(bool enabled)
    {
        _grants.ThrowIfRevoked();
        IsBusMaster = enabled;
    }

    public override FakeArena CreateArena(long limit) => _grants.Add(new FakeArena(_device.Memory, limit));

    public override void Revoke()
    {
        _grants.Revoke();
        IsBusMaster = false;
    }

    private void AddCapability(int at, byte next, byte type, uint offset, uint length)
    {
        Space[at] = 9;
        Space[at + 1] = next;
        Space[at + 2] = 16;
        Space[at + 3] = type;
        Space[at + 4] = 4;
        BinaryPrimitives.WriteUInt32LittleEndian(Space.AsSpan(at + 8), offset);
        BinaryPrimitives.WriteUInt32LittleEndian(Space.AsSpan(at + 12), length);
    }

    private sealed class Bar(FakeVirtioDevice device, int vectors) : RegisterWindow(0x1000)
    {
        private uint _deviceSelect;
        private uint _driverSelect;
        private int _queue;

        public int ConfigurationVector { get; private set; } = 0xFFFF;

        public int[] QueueVectors { get; } = [.. Enumerable.Repeat(0xFFFF, device.Queues.Length)];

        private FakeQueue Queue => device.Queues[_queue];

        protected override byte Read8Core(int offset) => offset switch
        {
            20 => (byte)device.Status,
            21 => 0,
            0x100 => (byte)device.TakeInterruptStatus(),
            >= 0x200 and < 0x240 => device.Configuration[offset - 0x200],
            _ => throw new InvalidOperationException($"0x{offset:x} is no 8-bit register."),
        };

        protected override ushort Read16Core(int offset) => offset switch
        {
            16 => (ushort)ConfigurationVector,
            18 => (ushort)device.Queues.Length,
            24 => (ushort)(_queue < device.Queues.Length ? device.MaximumQueueSize : 0),
            26 => (ushort)QueueVectors[_queue],
            28 => (ushort)(Queue.Ready ? 1 : 0),
            30 => (ushort)_queue,
            >= 0x200 and < 0x240 => BitConverter.ToUInt16(device.Configuration, offset - 0x200),
            _ => throw new InvalidOperationException($"0x{offset:x} is no 16-bit register."),
        };

        protected override uint Read32Core(int offset) => offset switch
        {
            4 => (uint)(device.OfferedFeatures >> (int)(32 * _deviceSelect)),
            >= 0x200 and < 0x240 => BitConverter.ToUInt32(device.Configuration, offset - 0x200),
            _ => throw new InvalidOperationException($"0x{offset:x} is no 32-bit register."),
        };

        protected override void Write8Core(int offset, byte value)
        {
            Assert.Equal(20, offset);
            device.WriteStatus((VirtioStatus)value);
            if (value == 0)
            {
                ConfigurationVector = 0xFFFF;
                Array.Fill(QueueVectors, 0xFFFF);
            }
        }

        protected override void Write16Core(int offset, ushort value)
        {
            switch (offset)
            {
                case 16: ConfigurationVector = value < vectors ? value : 0xFFFF; break;
                case 22: _queue = value; break;
                case 24: Assert.False(Queue.Ready); Queue.Size = value; break;
                case 26: QueueVectors[_queue] = value < vectors ? value : 0xFFFF; break;
                case 28: Assert.Equal(1, value); Queue.Ready = true; break;
                case >= 0x300 when offset == 0x300 + (value * NotifyMultiplier): device.Notify(value); break;
                default: throw new InvalidOperationException($"0x{offset:x} may not be written.");
            }
        }

        protected override void Write32Core(int offset, uint value)
        {
            switch (offset)
            {
                case 0: _deviceSelect = value; break;
                case 8: _driverSelect = value; break;
                case 12:
                    device.DriverFeatures = _driverSelect == 0
                        ? (device.DriverFeatures & 0xFFFF_FFFF_0000_0000) | value
                        : (device.DriverFeatures & 0xFFFF_FFFF) | ((ulong)value << 32);
                    break;
                default: throw new InvalidOperationException($"0x{offset:x} may not be written.");
            }
        }

        protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset)
        {
            var address = ((FakeBlock)target).Address + (ulong)targetOffset;
            switch (offset)
            {
                case 32: Queue.Descriptors = address; break;
                case 40: Queue.Available = address; break;
                case 48: Queue.Used = address; break;
                default: throw new InvalidOperationException($"0x{offset:x} takes no address.");
            }
        }
    }
}

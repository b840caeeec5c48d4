using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

/// <summary>The register model of virtio-mmio version 2. Anything the standard forbids a driver fails the test.</summary>
internal sealed class FakeMmioDevice : PlatformDevice
{
    private readonly Window _window;
    private readonly FakeMemory _memory;
    private readonly FakeGrants _grants = new();

    public FakeMmioDevice(FakeVirtioDevice device)
    {
        _memory = device.Memory;
        _window = new Window(device);
        Line = _grants.Add(new FakeLine(() => device.InterruptStatus != 0));
        device.Deliver = _ => Line.Raise();
    }

    public FakeLine Line { get; }

    public override string Name => "virtio-mmio 0";

    public uint Version { set => _window.Version = value; }

    public uint DeviceIdOverride { set => _window.DeviceId = value; }

    public override RegisterWindow OpenRegisters() => _grants.Window(_window);

    public override InterruptLine OpenInterrupt() => Line;

    public override FakeArena CreateArena(long limit) => _grants.Add(new FakeArena(_memory, limit));

    /// <summary>The device itself is not kept from memory: there is nothing on this bus that could.</summary>
    public override void Revoke() => _grants.Revoke();

    private sealed class Window(FakeVirtioDevice device) : RegisterWindow(0x200)
    {
        private uint _deviceSelect;
        private uint _driverSelect;
        private int _queue;

        public uint Version = 2;
        public uint DeviceId = (uint)device.Type;

        private FakeQueue Queue => device.Queues[_queue];

        protected override byte Read8Core(int offset) => device.Configuration[Config(offset)];

        protected override ushort Read16Core(int offset) => BitConverter.ToUInt16(device.Configuration, Config(offset));

        protected override uint Read32Core(int offset) => offset switch
        {
            0x000 => 0x74726976,
            0x004 => Version,
            0x008 => DeviceId,
            0x00c => 0x554d4551,
            0x010 => (uint)(device.OfferedFeatures >> (int)(32 * _deviceSelect)),
            0x034 => _queue < device.Queues.Length ? (uint)device.MaximumQueueSize : 0,
            0x044 => Queue.Ready ? 1u : 0,
            0x060 => device.InterruptStatus,
            0x070 => (uint)device.Status,
            0x0fc => 0,
            >= 0x100 => BitConverter.ToUInt32(device.Configuration, Config(offset)),
            _ => throw new InvalidOperationException($"0x{offset:x} may not be read."),
        };

        protected override void Write8Core(int offset, byte value) => throw new InvalidOperationException("8-bit write.");

        protected override void Write16Core(int offset, ushort value) => throw new InvalidOperationException("16-bit write.");

        protected override void Write32Core(int offset, uint value)
        {
            switch (offset)
            {
                case 0x014: _deviceSelect = value; break;
                case 0x024: _driverSelect = value; break;
                case 0x020:
                    device.DriverFeatures = _driverSelect == 0
                        ? (device.DriverFeatures & 0xFFFF_FFFF_0000_0000) | value
                        : (device.DriverFeatures & 0xFFFF_FFFF) | ((ulong)value << 32);
                    break;
                case 0x030: _queue = (int)value; break;
                case 0x038: Assert.False(Queue.Ready); Queue.Size = (int)value; break;
                case 0x044: Queue.Ready = value == 1; break;
                case 0x050: device.Notify((int)value); break;
                case 0x064: device.AcknowledgeInterrupt(value); break;
                case 0x070: device.WriteStatus((VirtioStatus)value); break;
                default: throw new InvalidOperationException($"0x{offset:x} may not be written.");
            }
        }

        protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset)
        {
            Assert.False(Queue.Ready);
            var address = ((FakeBlock)target).Address + (ulong)targetOffset;
            switch (offset)
            {
                case 0x080: Queue.Descriptors = address; break;
                case 0x090: Queue.Available = address; break;
                case 0x0a0: Queue.Used = address; break;
                default: throw new InvalidOperationException($"0x{offset:x} takes no address.");
            }
        }

        private static int Config(int offset) =>
            offset >= 0x100 ? offset - 0x100 : throw new InvalidOperationException($"Control register 0x{offset:x} must be accessed with 32 bits.");
    }
}

using System.Buffers.Binary;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Discovery;
using Troupe.Drivers.Virtio;

namespace Troupe.Verification.Fuzzing;

/// <summary>What a driver does with a transport before it has agreed on anything. A device may be refused, by exceptions that say why.</summary>
internal abstract class VirtioTransportTarget(string name) : FuzzTarget(name)
{
    // A device that offers the longest queue gets one no longer than the driver's own limit.
    public override long MostAllocated => 256 << 10;

    protected static void Use(Func<IVirtioTransport> open, DmaArena arena)
    {
        try
        {
            IVirtioTransport transport = open();
            Require(transport.ConfigurationLength >= 0, "the configuration has a negative length");
            transport.ReadDeviceFeatures();
            transport.ReadConfigurationGeneration();
            for (int offset = 0; offset < Math.Min(16, transport.ConfigurationLength); offset++)
                transport.ReadConfiguration8(offset);
            transport.ConnectInterrupts(static () => { });
            Virtqueue queue = Virtqueue.Create(transport, 0, 64, arena, VirtioFeatures.EventIndex);
            Require(queue.Size is >= 1 and <= 64, "the queue is longer than was asked for");
            transport.Notify(0);
            transport.TakeInterruptCauses();
            transport.AcknowledgeInterrupt();
            transport.DisconnectInterrupts();
        }
        catch (Exception refusal) when (refusal is VirtioException or CapabilityException)
        {
            Require(refusal.Message.Length > 0, "a device was refused without a word");
        }
    }
}

/// <summary>Capability lists of PCI, and the registers that they lead to. The input is the configuration space, and then the registers.</summary>
internal sealed class PciTarget() : VirtioTransportTarget("pci-capabilities")
{
    private const int Space = 256;

    public override int LongestInput => 1024;

    public override IEnumerable<byte[]> Seeds
    {
        get
        {
            byte[] input = new byte[400];
            BinaryPrimitives.WriteUInt32LittleEndian(input.AsSpan(1), 0x1041_1af4);
            BinaryPrimitives.WriteUInt32LittleEndian(input.AsSpan(1 + 4), 1u << 20);
            input[1 + 0x34] = 0x40;
            Capability(input, 0x40, 0x50, 1, 0x000, 56);
            Capability(input, 0x50, 0x64, 2, 0x300, 0x100);
            input[1 + 0x52] = 20;
            Capability(input, 0x64, 0x74, 3, 0x100, 1);
            Capability(input, 0x74, 0, 4, 0x200, 0x40);
            input[1 + Space + 24] = 16;
            yield return input;
            input[0] = 2;
            yield return [.. input];
        }
    }

    public override void Run(ReadOnlySpan<byte> input)
    {
        InputReader reader = new(input);
        int vectors = reader.Byte() % 4;
        byte[] space = new byte[Space];
        reader.Take(Space).CopyTo(space);
        InputFunction function = new(space, reader.Rest().ToArray(), vectors);
        Use(() => VirtioPciTransport.Open(function), function.CreateArena(1 << 20));
    }

    private static void Capability(byte[] input, int at, byte next, byte type, uint offset, uint length)
    {
        Span<byte> capability = input.AsSpan(1 + at);
        new byte[] { 9, next, 16, type, 0 }.CopyTo(capability);
        BinaryPrimitives.WriteUInt32LittleEndian(capability[8..], offset);
        BinaryPrimitives.WriteUInt32LittleEndian(capability[12..], length);
    }
}

/// <summary>Registers of virtio over MMIO. The first two octets are how long the window is.</summary>
internal sealed class MmioTarget() : VirtioTransportTarget("virtio-mmio")
{
    public override IEnumerable<byte[]> Seeds
    {
        get
        {
            byte[] input = new byte[2 + 0x110];
            input[1] = 2;
            BinaryPrimitives.WriteUInt32LittleEndian(input.AsSpan(2), 0x74726976);
            (input[2 + 4], input[2 + 8], input[2 + 0x34]) = (2, 1, 16);
            yield return input;
        }
    }

    public override void Run(ReadOnlySpan<byte> input)
    {
        InputReader reader = new(input);
        int length = 1 + (reader.UInt16() % 0x400);
        InputPlatformDevice device = new(reader.Rest().ToArray(), length);
        VirtioMmioDiscovery.Identify(device);
        Use(() => VirtioMmioTransport.Open(device), device.CreateArena(1 << 20));
    }
}

/// <summary>Whole buses of PCI functions, bridges among them, to be walked: the input is a list of four words a function, asked for in turn.</summary>
internal sealed class PciBusTarget() : FuzzTarget("pci-bus")
{
    public override long MostAllocated => 16 << 20;

    public override IEnumerable<byte[]> Seeds => [[0xF4, 0x1A, 0x41, 0x10, 0, 0, 0, 2, 0, 0, 0x80, 0, 0, 0, 0, 0], [0x86, 0x80, 1, 0, 0, 0, 4, 6, 0, 0, 1, 0, 0, 1, 1, 0]];

    public override void Run(ReadOnlySpan<byte> input)
    {
        InputBus bus = new(input.ToArray());
        foreach ((PciAddress address, DeviceDescription device) in PciDiscovery.Enumerate(bus))
            Require(device.Bus == DeviceBus.Pci && device.Name.EndsWith(address.ToString(), StringComparison.Ordinal), "a device is nowhere");
        // Each function of each bus once: four words each.
        Require(bus.Reads <= 256 * 32 * 8 * 4, "a bus was walked more than once");
    }

    private sealed class InputBus(byte[] input) : PciBus
    {
        public int Reads { get; private set; }

        public override uint ReadConfiguration(PciAddress address, int offset)
        {
            Reads++;
            if (input.Length < 16)
                return 0xFFFF_FFFF;
            int words = input.Length / 4;
            int place = ((address.Bus * 7) + (address.Device * 3) + address.Function) * 4;
            int word = offset switch { 0 => 0, 8 => 1, 12 => 2, 0x18 => 3, _ => throw new OracleException($"the configuration space was read at {offset}") };
            return place + word < words ? BinaryPrimitives.ReadUInt32LittleEndian(input.AsSpan((place + word) * 4)) : 0xFFFF_FFFF;
        }

        public override PciFunction Open(PciAddress address) => throw new CapabilityException("It is only a description.");
    }
}

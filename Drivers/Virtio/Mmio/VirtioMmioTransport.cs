// VIRTIO 1.2, section 4.2: virtio over MMIO, version 2.
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Virtio;

/// <summary>A virtio device behind a memory-mapped window with one level-triggered line. All control registers are 32 bits wide.</summary>
public sealed class VirtioMmioTransport : IVirtioTransport
{
    // Section 4.2.2, table 4.1.
    private const int MagicValue = 0x000;
    private const int Version = 0x004;
    private const int DeviceId = 0x008;
    private const int DeviceFeatures = 0x010;
    private const int DeviceFeaturesSelect = 0x014;
    private const int DriverFeatures = 0x020;
    private const int DriverFeaturesSelect = 0x024;
    private const int QueueSelect = 0x030;
    private const int QueueSizeMaximum = 0x034;
    private const int QueueSize = 0x038;
    private const int QueueReady = 0x044;
    private const int QueueNotify = 0x050;
    private const int InterruptStatus = 0x060;
    private const int InterruptAcknowledge = 0x064;
    private const int Status = 0x070;
    private const int QueueDescriptorLow = 0x080;
    private const int QueueDriverLow = 0x090;
    private const int QueueDeviceLow = 0x0a0;
    private const int ConfigurationGeneration = 0x0fc;
    private const int Configuration = 0x100;

    private const uint Magic = 0x74726976; // "virt"
    private const uint SupportedVersion = 2;
    private const uint KnownCauses = (uint)(VirtioInterruptCauses.Queue | VirtioInterruptCauses.Configuration);

    private readonly RegisterWindow _registers;
    private readonly InterruptLine _line;

    private VirtioMmioTransport(string name, RegisterWindow registers, InterruptLine line, VirtioDeviceType deviceType)
    {
        Name = name;
        _registers = registers;
        _line = line;
        DeviceType = deviceType;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public VirtioDeviceType DeviceType { get; }

    /// <inheritdoc/>
    public int ConfigurationLength => _registers.Length - Configuration;

    /// <summary>
    /// Looks what is behind a window, touching no more registers than the standard allows: <see cref="VirtioDeviceType.None"/>
    /// for an empty slot, a legacy device or no virtio at all; <paramref name="problem"/> says which, null for an empty slot.
    /// </summary>
    public static VirtioDeviceType Probe(RegisterWindow registers, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(registers);
        problem = null;
        if (registers.Length <= Configuration)
        {
            problem = $"the window of {registers.Length} bytes is too small";
            return VirtioDeviceType.None;
        }

        if (registers.Read32(MagicValue) != Magic)
        {
            problem = "the magic value is missing";
            return VirtioDeviceType.None;
        }

        var version = registers.Read32(Version);
        if (version != SupportedVersion)
        {
            problem = version == 1 ? "it is a legacy device (version 1)" : $"its version {version} is unknown";
            return VirtioDeviceType.None;
        }

        return (VirtioDeviceType)registers.Read32(DeviceId);
    }

    /// <summary>The transport to the device behind a window that <see cref="Probe"/> found.</summary>
    /// <exception cref="VirtioException">There is no device that can be used.</exception>
    public static VirtioMmioTransport Open(PlatformDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var registers = device.OpenRegisters();
        var type = Probe(registers, out var problem);
        if (type == VirtioDeviceType.None)
        {
            throw new VirtioException($"{device.Name} cannot be used: {problem ?? "the slot is empty"}.");
        }

        return new VirtioMmioTransport(device.Name, registers, device.OpenInterrupt(), type);
    }

    /// <inheritdoc/>
    public VirtioStatus ReadStatus() => (VirtioStatus)(byte)_registers.Read32(Status);

    /// <inheritdoc/>
    public void WriteStatus(VirtioStatus status) => _registers.Write32(Status, (uint)status);

    /// <inheritdoc/>
    public ulong ReadDeviceFeatures()
    {
        _registers.Write32(DeviceFeaturesSelect, 0);
        ulong features = _registers.Read32(DeviceFeatures);
        _registers.Write32(DeviceFeaturesSelect, 1);
        return features | ((ulong)_registers.Read32(DeviceFeatures) << 32);
    }

    /// <inheritdoc/>
    public void WriteDriverFeatures(ulong features)
    {
        _registers.Write32(DriverFeaturesSelect, 0);
        _registers.Write32(DriverFeatures, (uint)features);
        _registers.Write32(DriverFeaturesSelect, 1);
        _registers.Write32(DriverFeatures, (uint)(features >> 32));
    }

    /// <inheritdoc/>
    public int ReadMaximumQueueSize(int queue)
    {
        _registers.Write32(QueueSelect, (uint)queue);
        return (int)Math.Min(_registers.Read32(QueueSizeMaximum), VirtqueueLayout.MaximumSize);
    }

    /// <inheritdoc/>
    public void EnableQueue(int queue, DmaBlock rings, VirtqueueLayout layout)
    {
        _registers.Write32(QueueSelect, (uint)queue);
        if (_registers.Read32(QueueReady) != 0)
        {
            throw new VirtioException($"{Name}: queue {queue} is in use already.");
        }

        _registers.Write32(QueueSize, (uint)layout.Size);
        _registers.StoreAddress(QueueDescriptorLow, rings, layout.DescriptorOffset);
        _registers.StoreAddress(QueueDriverLow, rings, layout.DriverOffset);
        _registers.StoreAddress(QueueDeviceLow, rings, layout.DeviceOffset);
        _registers.Write32(QueueReady, 1);
    }

    /// <inheritdoc/>
    public void Notify(int queue) => _registers.Write32(QueueNotify, (uint)queue);

    /// <inheritdoc/>
    public uint ReadConfigurationGeneration() => _registers.Read32(ConfigurationGeneration);

    /// <inheritdoc/>
    public byte ReadConfiguration8(int offset) => _registers.Read8(Configuration + offset);

    /// <inheritdoc/>
    public ushort ReadConfiguration16(int offset) => _registers.Read16(Configuration + offset);

    /// <inheritdoc/>
    public uint ReadConfiguration32(int offset) => _registers.Read32(Configuration + offset);

    /// <inheritdoc/>
    public void ConnectInterrupts(Action onInterrupt) => _line.Connect(onInterrupt);

    /// <inheritdoc/>
    public VirtioInterruptCauses TakeInterruptCauses()
    {
        var causes = _registers.Read32(InterruptStatus) & KnownCauses;
        if (causes != 0)
        {
            _registers.Write32(InterruptAcknowledge, causes);
        }

        return (VirtioInterruptCauses)causes;
    }

    /// <inheritdoc/>
    public void AcknowledgeInterrupt() => _line.Acknowledge();

    /// <inheritdoc/>
    public void DisconnectInterrupts() => _line.Disconnect();

    /// <inheritdoc/>
    public void SetMemoryAccess(bool enabled)
    {
        // A memory-mapped device has no such switch; reset is what keeps it from memory.
    }
}

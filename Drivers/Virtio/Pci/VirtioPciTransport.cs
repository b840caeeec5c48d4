// VIRTIO 1.2, section 4.1: virtio over PCI, modern interface.
using Troupe.Core.Capabilities;
using Troupe.Core.Memory;

namespace Troupe.Drivers.Virtio;

/// <summary>
/// A virtio device on PCI. Interrupts by MSI-X (vector 0 for configuration, vector 1 for all queues but those that are given one of the others; one vector for
/// all if there is but one), else by the wired line and its status register.
/// </summary>
public sealed class VirtioPciTransport : IVirtioTransport
{
    /// <summary>PCI vendor of all virtio devices (section 4.1.2).</summary>
    public const ushort Vendor = 0x1af4;

    // Section 4.1.2: modern device identifiers start at 0x1040; transitional ones map by table.
    private const ushort FirstModernDevice = 0x1040;
    private const ushort LastModernDevice = 0x107f;
    private const ushort TransitionalNetwork = 0x1000;
    private const ushort TransitionalBlock = 0x1001;
    private const ushort TransitionalConsole = 0x1003;
    private const ushort TransitionalEntropy = 0x1005;

    // Section 4.1.4.3: common configuration structure.
    private const int DeviceFeatureSelect = 0;
    private const int DeviceFeature = 4;
    private const int DriverFeatureSelect = 8;
    private const int DriverFeature = 12;
    private const int ConfigurationVector = 16;
    private const int DeviceStatus = 20;
    private const int ConfigurationGeneration = 21;
    private const int QueueSelect = 22;
    private const int QueueSize = 24;
    private const int QueueVector = 26;
    private const int QueueEnable = 28;
    private const int QueueNotifyOffset = 30;
    private const int QueueDescriptor = 32;
    private const int QueueDriver = 40;
    private const int QueueDevice = 48;
    private const int CommonLength = 56;

    private const ushort NoVector = 0xffff;

    /// <summary>Behind that of the configuration and that of all queues.</summary>
    private const int FirstSeparateVector = 2;

    private readonly PciFunction _function;
    private readonly RegisterWindow _common;
    private readonly RegisterWindow _notify;
    private readonly uint _notifyMultiplier;
    private readonly RegisterWindow? _interruptStatus;
    private readonly RegisterWindow? _configuration;
    private readonly InterruptLine? _wiredLine;
    private readonly List<SeparateVector> _separate = [];
    private int[] _notifyOffsets = [];
    private InterruptLine? _queueLine;
    private InterruptLine? _configurationLine;
    private int _configurationInterrupted;

    private VirtioPciTransport(PciFunction function, VirtioDeviceType deviceType, IReadOnlyList<VirtioPciStructure> structures)
    {
        _function = function;
        DeviceType = deviceType;
        Name = function.Name;
        // Alignments: sections 4.1.4.3, 4.1.4.4.1, 4.1.4.6.
        _common = OpenStructure(structures, VirtioPciStructure.Common, CommonLength, sizeof(uint)) ?? throw Missing("common configuration");
        _notify = OpenStructure(structures, VirtioPciStructure.Notify, sizeof(ushort), sizeof(ushort)) ?? throw Missing("notification");
        _interruptStatus = OpenStructure(structures, VirtioPciStructure.InterruptStatus, sizeof(byte), sizeof(byte));
        _configuration = OpenStructure(structures, VirtioPciStructure.DeviceSpecific, sizeof(byte), sizeof(uint));
        // Here rather than when the driver connects: a device that cannot interrupt is refused before it has a driver.
        _wiredLine = function.VectorCount > 0 ? null : function.OpenInterrupt();
        foreach (var structure in structures)
        {
            _notifyMultiplier = structure.Type == VirtioPciStructure.Notify ? structure.NotifyMultiplier : _notifyMultiplier;
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public VirtioDeviceType DeviceType { get; }

    /// <inheritdoc/>
    public int ConfigurationLength => _configuration?.Length ?? 0;

    /// <summary>Whether interrupts come as messages rather than by the wired line; known once connected.</summary>
    public bool UsesMessages { get; private set; }

    /// <summary>What virtio device a vendor and device identifier name; <see cref="VirtioDeviceType.None"/> for anything else.</summary>
    public static VirtioDeviceType Identify(ushort vendor, ushort device)
    {
        if (vendor != Vendor)
        {
            return VirtioDeviceType.None;
        }

        return device switch
        {
            >= FirstModernDevice and <= LastModernDevice => (VirtioDeviceType)(device - FirstModernDevice),
            TransitionalNetwork => VirtioDeviceType.Network,
            TransitionalBlock => VirtioDeviceType.Block,
            TransitionalConsole => VirtioDeviceType.Console,
            TransitionalEntropy => VirtioDeviceType.Entropy,
            _ => VirtioDeviceType.None,
        };
    }

    /// <summary>The transport to a virtio function.</summary>
    /// <exception cref="VirtioException">It is no virtio device, or lacks the modern interface.</exception>
    public static VirtioPciTransport Open(PciFunction function)
    {
        ArgumentNullException.ThrowIfNull(function);
        var identifiers = function.ReadConfiguration(0);
        var type = Identify((ushort)identifiers, (ushort)(identifiers >> 16));
        if (type == VirtioDeviceType.None)
        {
            throw new VirtioException($"{function.Name} is no virtio device.");
        }

        return new VirtioPciTransport(function, type, VirtioPciStructure.ReadAll(function));
    }

    /// <inheritdoc/>
    public VirtioStatus ReadStatus() => (VirtioStatus)_common.Read8(DeviceStatus);

    /// <inheritdoc/>
    public void WriteStatus(VirtioStatus status) => _common.Write8(DeviceStatus, (byte)status);

    /// <inheritdoc/>
    public ulong ReadDeviceFeatures()
    {
        _common.Write32(DeviceFeatureSelect, 0);
        ulong features = _common.Read32(DeviceFeature);
        _common.Write32(DeviceFeatureSelect, 1);
        return features | ((ulong)_common.Read32(DeviceFeature) << 32);
    }

    /// <inheritdoc/>
    public void WriteDriverFeatures(ulong features)
    {
        _common.Write32(DriverFeatureSelect, 0);
        _common.Write32(DriverFeature, (uint)features);
        _common.Write32(DriverFeatureSelect, 1);
        _common.Write32(DriverFeature, (uint)(features >> 32));
    }

    /// <inheritdoc/>
    public int ReadMaximumQueueSize(int queue)
    {
        _common.Write16(QueueSelect, (ushort)queue);
        return Math.Min((int)_common.Read16(QueueSize), VirtqueueLayout.MaximumSize);
    }

    /// <inheritdoc/>
    public void EnableQueue(int queue, DmaBlock rings, VirtqueueLayout layout)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)queue, ushort.MaxValue);
        _common.Write16(QueueSelect, (ushort)queue);
        if (_common.Read16(QueueEnable) != 0)
        {
            throw new VirtioException($"{Name}: queue {queue} is in use already.");
        }

        _common.Write16(QueueSize, (ushort)layout.Size);
        SetVector(QueueVector, _queueLine is null ? null : VectorOf(queue));
        _common.StoreAddress(QueueDescriptor, rings, layout.DescriptorOffset);
        _common.StoreAddress(QueueDriver, rings, layout.DriverOffset);
        _common.StoreAddress(QueueDevice, rings, layout.DeviceOffset);
        var notifyOffset = (ulong)_common.Read16(QueueNotifyOffset) * _notifyMultiplier;
        if (notifyOffset + sizeof(ushort) > (ulong)_notify.Length || notifyOffset % sizeof(ushort) != 0)
        {
            throw new VirtioException($"{Name}: the notification register of queue {queue} is outside its structure, or not aligned.");
        }

        if (queue >= _notifyOffsets.Length)
        {
            Array.Resize(ref _notifyOffsets, queue + 1);
        }

        _notifyOffsets[queue] = (int)notifyOffset;
        _common.Write16(QueueEnable, 1);
    }

    /// <inheritdoc/>
    public void Notify(int queue) => _notify.Write16(_notifyOffsets[queue], (ushort)queue);

    /// <inheritdoc/>
    public uint ReadConfigurationGeneration() => _common.Read8(ConfigurationGeneration);

    /// <inheritdoc/>
    public byte ReadConfiguration8(int offset) => RequireConfiguration().Read8(offset);

    /// <inheritdoc/>
    public ushort ReadConfiguration16(int offset) => RequireConfiguration().Read16(offset);

    /// <inheritdoc/>
    public uint ReadConfiguration32(int offset) => RequireConfiguration().Read32(offset);

    /// <inheritdoc/>
    public int SeparateInterrupts => Math.Max(0, _function.VectorCount - FirstSeparateVector);

    /// <inheritdoc/>
    public void ConnectQueueInterrupts(int firstQueue, int count, Action onInterrupt, int processor)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(_separate.Count, SeparateInterrupts, nameof(count));
        var vector = FirstSeparateVector + _separate.Count;
        var line = _function.OpenVector(vector);
        _separate.Add(new(firstQueue, count, vector, line));
        line.Connect(onInterrupt, processor);
    }

    /// <inheritdoc/>
    public void ConnectInterrupts(Action onInterrupt)
    {
        ArgumentNullException.ThrowIfNull(onInterrupt);
        _separate.Clear();
        UsesMessages = _wiredLine is null;
        if (_wiredLine is not null)
        {
            _queueLine = null;
            _configurationLine = _wiredLine;
            _configurationLine.Connect(onInterrupt);
            return;
        }

        _configurationLine = _function.OpenVector(0);
        _queueLine = _function.OpenVector(QueueVectorNumber);
        // The machine spreads sources whose processor is left to it. A configuration hardly ever changes: if its vector took turns with the queues', these would all come to one processor.
        _configurationLine.Connect(
            () =>
            {
                ProcessorMemory.Exchange(ref _configurationInterrupted, 1);
                onInterrupt();
            },
            ReferenceEquals(_queueLine, _configurationLine) ? null : 0);
        if (!ReferenceEquals(_queueLine, _configurationLine))
        {
            _queueLine.Connect(onInterrupt);
        }

        SetVector(ConfigurationVector, 0);
    }

    /// <inheritdoc/>
    public VirtioInterruptCauses TakeInterruptCauses()
    {
        if (!UsesMessages)
        {
            // Reading lowers the line (section 4.1.4.5).
            return _interruptStatus is null
                ? VirtioInterruptCauses.Queue | VirtioInterruptCauses.Configuration
                : (VirtioInterruptCauses)(_interruptStatus.Read8(0) & 3);
        }

        var causes = VirtioInterruptCauses.Queue;
        return ProcessorMemory.Exchange(ref _configurationInterrupted, 0) != 0 ? causes | VirtioInterruptCauses.Configuration : causes;
    }

    /// <inheritdoc/>
    public void AcknowledgeInterrupt()
    {
        if (!UsesMessages)
        {
            _configurationLine?.Acknowledge();
        }
    }

    /// <inheritdoc/>
    public void DisconnectInterrupts()
    {
        _queueLine?.Disconnect();
        _configurationLine?.Disconnect();
        _separate.ForEach(static group => group.Line.Disconnect());
    }

    /// <inheritdoc/>
    public void SetMemoryAccess(bool enabled) => _function.SetBusMaster(enabled);

    private int QueueVectorNumber => _function.VectorCount > 1 ? 1 : 0;

    private int VectorOf(int queue)
    {
        foreach (var group in _separate)
        {
            if (queue >= group.FirstQueue && queue < group.FirstQueue + group.Count)
            {
                return group.Vector;
            }
        }

        return QueueVectorNumber;
    }

    private void SetVector(int register, int? vector)
    {
        var value = vector is { } number ? (ushort)number : NoVector;
        _common.Write16(register, value);
        // The device answers "none" when it cannot (section 4.1.5.1.2.1).
        if (vector is not null && _common.Read16(register) != value)
        {
            throw new VirtioException($"{Name} has no room for interrupt vector {value}.");
        }
    }

    private RegisterWindow RequireConfiguration() => _configuration ?? throw Missing("device-specific configuration");

    private VirtioException Missing(string structure) => new($"{Name} has no usable {structure} structure; is it a legacy device?");

    private RegisterWindow? OpenStructure(IReadOnlyList<VirtioPciStructure> structures, int type, int minimumLength, uint alignment)
    {
        foreach (var structure in structures)
        {
            if (structure.Type != type)
            {
                continue;
            }

            var bar = _function.OpenBar(structure.Bar);
            if (structure.Offset >= (uint)bar.Length || structure.Offset % alignment != 0)
            {
                return null;
            }

            var length = (int)Math.Min(structure.Length, (uint)bar.Length - structure.Offset);
            return length < minimumLength ? null : bar.Slice((int)structure.Offset, length);
        }

        return null;
    }

    /// <summary>Queues next to each other whose interrupts are one vector.</summary>
    private readonly record struct SeparateVector(int FirstQueue, int Count, int Vector, InterruptLine Line);
}

// VIRTIO 1.2, section 4.1: virtio over PCI, modern interface. PCI Local Bus Specification 3.0, 6.1.
namespace Troupe.Core.Machine;

/// <summary>
/// A virtio device on PCI, reached through configuration space alone: the PCI configuration access capability (4.1.4.9), which every device must
/// have, leads to the registers behind its base addresses. So nothing depends on whether firmware has assigned these (qboot has not), nothing is
/// mapped, and the driver that comes later finds the function as firmware left it.
/// </summary>
/// <typeparam name="TPorts">The seam to ports.</typeparam>
public struct PolledPciTransport<TPorts> : IPolledTransport
    where TPorts : struct, IPorts
{
    private const uint Identifiers = 0x00, Command = 0x04, CapabilitiesPointer = 0x34;
    private const uint StatusHasCapabilities = 1u << 20, BusMaster = 1u << 2;
    private const byte VendorSpecific = 0x09;
    private const uint FirstCapability = 0x40;

    // More than fit into configuration space: a longer list is a loop.
    private const int MaximumCapabilities = 48;

    // Sections 4.1.2 and 4.1.4.
    private const uint Vendor = 0x1AF4, ModernEntropy = (0x1044 << 16) | Vendor, TransitionalEntropy = (0x1005 << 16) | Vendor;
    private const uint CommonStructure = 1, NotifyStructure = 2, ConfigurationAccess = 5;
    private const uint CapabilityBar = 4, CapabilityOffset = 8, CapabilityLength = 12, CapabilityExtra = 16;
    private const uint LastBar = 5;

    // Section 4.1.4.3.
    private const uint DeviceFeaturesSelect = 0, DeviceFeatures = 4, DriverFeaturesSelect = 8, DriverFeatures = 12, Status = 20;
    private const uint QueueSelect = 22, QueueSize = 24, QueueEnable = 28, QueueNotifyOffset = 30;
    private const uint QueueDescriptors = 32, QueueDriver = 40, QueueDevice = 48;

    private uint _function;
    private uint _command;
    private uint _access;
    private uint _commonBar;
    private uint _commonOffset;
    private uint _notifyBar;
    private uint _notifyOffset;
    private uint _notifyLength;
    private uint _notifyMultiplier;

    /// <summary>Looks for the first entropy device that has the modern interface, behind bridges that firmware has numbered too.</summary>
    public static bool TryFindEntropyDevice(ref PolledPciTransport<TPorts> transport)
    {
        PciFunctionWalk<PciConfigurationPorts<TPorts>> walk = default;
        while (walk.TryMoveNext())
        {
            if (!walk.IsBridge && transport.TryOpen(walk.Function))
                return true;
        }

        return false;
    }

    /// <summary>Lets the device reach memory; the reverse is <see cref="Close"/>.</summary>
    public void Open()
    {
        _command = Read32(_function, Command) & 0xFFFF;
        WriteCommand(_command | BusMaster);
    }

    /// <summary>Puts the command register back.</summary>
    public readonly void Close() => WriteCommand(_command);

    /// <inheritdoc/>
    public readonly byte ReadStatus() => (byte)Read(_commonBar, _commonOffset + Status, sizeof(byte));

    /// <inheritdoc/>
    public readonly void WriteStatus(byte status) => Write(_commonBar, _commonOffset + Status, sizeof(byte), status);

    /// <inheritdoc/>
    public readonly uint ReadDeviceFeatures(uint word)
    {
        Write(_commonBar, _commonOffset + DeviceFeaturesSelect, sizeof(uint), word);
        return Read(_commonBar, _commonOffset + DeviceFeatures, sizeof(uint));
    }

    /// <inheritdoc/>
    public readonly void WriteDriverFeatures(uint word, uint features)
    {
        Write(_commonBar, _commonOffset + DriverFeaturesSelect, sizeof(uint), word);
        Write(_commonBar, _commonOffset + DriverFeatures, sizeof(uint), features);
    }

    /// <inheritdoc/>
    public bool TryEnableQueue(ulong descriptors, ulong available, ulong used)
    {
        Write(_commonBar, _commonOffset + QueueSelect, sizeof(ushort), 0);
        ulong notify = (ulong)Read(_commonBar, _commonOffset + QueueNotifyOffset, sizeof(ushort)) * _notifyMultiplier;
        if (Read(_commonBar, _commonOffset + QueueSize, sizeof(ushort)) == 0 || notify + sizeof(ushort) > _notifyLength)
            return false;
        _notifyOffset += (uint)notify;
        Write(_commonBar, _commonOffset + QueueSize, sizeof(ushort), 1);
        WriteAddress(QueueDescriptors, descriptors);
        WriteAddress(QueueDriver, available);
        WriteAddress(QueueDevice, used);
        Write(_commonBar, _commonOffset + QueueEnable, sizeof(ushort), 1);
        return true;
    }

    /// <inheritdoc/>
    public readonly void Notify() => Write(_notifyBar, _notifyOffset, sizeof(ushort), 0);

    private bool TryOpen(uint function)
    {
        _function = function;
        return Read32(function, Identifiers) is ModernEntropy or TransitionalEntropy && ReadCapabilities();
    }

    // The first capability of a type is the one the device likes best.
    private bool ReadCapabilities()
    {
        if ((Read32(_function, Command) & StatusHasCapabilities) == 0)
            return false;
        bool common = false, notify = false;
        _access = 0;
        uint at = Read32(_function, CapabilitiesPointer) & 0xFC;
        for (int count = 0; at >= FirstCapability && count < MaximumCapabilities; count++)
        {
            uint header = Read32(_function, at);
            uint type = header >> 24;
            uint bar = Read32(_function, at + CapabilityBar) & 0xFF;
            if ((byte)header == VendorSpecific && type == CommonStructure && !common && bar <= LastBar)
            {
                _commonBar = bar;
                _commonOffset = Read32(_function, at + CapabilityOffset);
                common = true;
            }
            else if ((byte)header == VendorSpecific && type == NotifyStructure && !notify && bar <= LastBar)
            {
                _notifyBar = bar;
                _notifyOffset = Read32(_function, at + CapabilityOffset);
                _notifyLength = Read32(_function, at + CapabilityLength);
                _notifyMultiplier = Read32(_function, at + CapabilityExtra);
                notify = true;
            }
            else if ((byte)header == VendorSpecific && type == ConfigurationAccess)
            {
                _access = at;
            }

            at = (header >> 8) & 0xFC;
        }

        return common && notify && _access != 0;
    }

    private readonly uint Read(uint bar, uint offset, uint width)
    {
        Select(bar, offset, width);
        uint value = Read32(_function, _access + CapabilityExtra);
        return width == sizeof(uint) ? value : value & ((1u << (int)(width * 8)) - 1);
    }

    private readonly void Write(uint bar, uint offset, uint width, uint value)
    {
        Select(bar, offset, width);
        Write32(_function, _access + CapabilityExtra, value);
    }

    private readonly void Select(uint bar, uint offset, uint width)
    {
        // Only the first byte of that word may be written.
        PciConfigurationPorts<TPorts>.Write8(_function, _access + CapabilityBar, (byte)bar);
        Write32(_function, _access + CapabilityOffset, offset);
        Write32(_function, _access + CapabilityLength, width);
    }

    private readonly void WriteAddress(uint register, ulong address)
    {
        Write(_commonBar, _commonOffset + register, sizeof(uint), (uint)address);
        Write(_commonBar, _commonOffset + register + sizeof(uint), sizeof(uint), (uint)(address >> 32));
    }

    // The upper half of that word is the status register, whose bits are cleared by writing ones.
    private readonly void WriteCommand(uint command) => PciConfigurationPorts<TPorts>.Write16(_function, Command, (ushort)command);

    private static uint Read32(uint function, uint register) => PciConfigurationPorts<TPorts>.Read32(function, register & 0xFC);

    private static void Write32(uint function, uint register, uint value) => PciConfigurationPorts<TPorts>.Write32(function, register & 0xFC, value);
}

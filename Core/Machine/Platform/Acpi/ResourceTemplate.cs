namespace Troupe.Core.Machine;

/// <summary>ACPI's resource descriptors (ACPI 6.5, 6.4), as far as a virtio-mmio device has them.</summary>
public static unsafe class ResourceTemplate<TPhysical>
    where TPhysical : struct, IPhysicalMemory
{
    private const byte LargeItem = 0x80;
    private const byte SmallTypeMask = 0x78;
    private const byte SmallLengthMask = 0x07;
    private const byte EndTag = 0x78;
    private const byte Memory32Fixed = 0x86;
    private const uint Memory32FixedLength = 9;
    private const byte ExtendedInterrupt = 0x89;
    private const uint ExtendedInterruptLength = 6; // with one interrupt
    private const byte EdgeTriggered = 1 << 1;
    private const byte ActiveLow = 1 << 2;

    /// <summary>Adds the window made of the template's first fixed memory range and first interrupt.</summary>
    /// <returns>Whether both were there.</returns>
    public static bool ReadVirtioWindow(ulong template, uint length, MachineDescription* machine)
    {
        ulong address = 0, size = 0, interruptAt = 0;
        uint offset = 0;
        while (offset < length)
        {
            byte tag = TPhysical.Read8(template + offset);
            if ((tag & LargeItem) == 0)
            {
                if ((tag & SmallTypeMask) == EndTag)
                    break;
                offset += 1 + (uint)(tag & SmallLengthMask);
                continue;
            }

            if (length - offset < 3)
                return false;
            uint itemLength = TPhysical.Read16(template + offset + 1);
            ulong item = template + offset + 3;
            if (itemLength > length - offset - 3)
                return false;
            if (tag == Memory32Fixed && itemLength >= Memory32FixedLength && size == 0)
            {
                address = TPhysical.Read32(item + 1);
                size = TPhysical.Read32(item + 5);
            }
            else if (tag == ExtendedInterrupt && itemLength >= ExtendedInterruptLength && TPhysical.Read8(item + 1) != 0 && interruptAt == 0)
            {
                interruptAt = item;
            }

            offset += 3 + itemLength;
        }

        if (size == 0 || address == 0 || interruptAt == 0)
            return false;
        VirtioMmioWindow* window = MachineDescription.AddVirtioWindow(machine, address);
        if (window == null)
            return true; // known already, or counted as overflow
        byte flags = TPhysical.Read8(interruptAt);
        window->Length = size;
        window->Interrupt = TPhysical.Read32(interruptAt + 2);
        window->Polarity = (flags & ActiveLow) != 0 ? InterruptPolarity.ActiveLow : InterruptPolarity.ActiveHigh;
        window->Trigger = (flags & EdgeTriggered) != 0 ? InterruptTrigger.Edge : InterruptTrigger.Level;
        window->Id = -1;
        return true;
    }
}

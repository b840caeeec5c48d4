// Intel I/O Controller Hub 9 data sheet (316972), section 5.9: PIRQA# to PIRQH# are inputs 16 to 23 of the I/O APIC.
// PCI-to-PCI Bridge Architecture Specification 1.2, section 9.1: which wire a pin behind a bridge comes out at.
using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host.Pci;

/// <summary>
/// Where the wired interrupt of a function arrives. Firmware tells it in ACPI's _PRT, which takes an interpreter of AML to read; so one
/// board is known by heart: the ICH9 of QEMU's q35. Everything else has messages (MSI-X).
/// </summary>
internal static class WiredRouting
{
    private const int IdentifiersOffset = 0x00, HeaderOffset = 0x0C, BusNumbersOffset = 0x18, PinOffset = 0x3C;
    private const uint Ich9 = 0x2918_8086, BridgeHeader = 1;
    private const int Wires = 4, DevicesPerBus = 32, FunctionsPerDevice = 8;

    // The first of PIRQE# to PIRQH#. The board wires slot after slot to them, each slot's pins one further than the last slot's
    // (QEMU, hw/isa/lpc_ich9.c); from slot 25 on sit the ICH9's own functions, which have registers for it.
    private const uint FirstSlotInterrupt = 20;
    private const int OwnSlots = 25;

    private static readonly PciAddress _lowPinCountBridge = new(0, 31, 0);

    /// <summary>The global interrupt of a function, level-triggered.</summary>
    /// <exception cref="CapabilityException">It has none, or where it arrives is not known.</exception>
    internal static uint Find(PciAddress address, Func<PciAddress, int, uint> read)
    {
        // 1 to 4: INTA# to INTD# (PCI Local Bus 3.0, section 6.2.4).
        int pin = (int)(read(address, PinOffset) >> 8 & 0xFF);
        if (pin is < 1 or > Wires)
        {
            throw new CapabilityException($"pci {address} has neither MSI-X nor a wired interrupt.");
        }

        if (read(_lowPinCountBridge, IdentifiersOffset) != Ich9)
        {
            throw Unknown(address, "is known on QEMU's q35 only");
        }

        int wire = pin - 1;
        PciAddress at = address;
        if (at.Bus != 0)
        {
            wire = (wire + at.Device) % Wires;
            at = FindBridge(at.Bus, read) ?? throw Unknown(address, "is not known behind more than one bridge");
        }

        return at.Device < OwnSlots
            ? FirstSlotInterrupt + (uint)((at.Device + wire) % Wires)
            : throw Unknown(address, "is not known for the chipset's own slots");
    }

    private static PciAddress? FindBridge(int secondary, Func<PciAddress, int, uint> read)
    {
        for (int number = 0; number < DevicesPerBus * FunctionsPerDevice; number++)
        {
            var address = new PciAddress(0, number / FunctionsPerDevice, number % FunctionsPerDevice);
            if (read(address, IdentifiersOffset) != uint.MaxValue
                && (read(address, HeaderOffset) >> 16 & 0x7F) == BridgeHeader
                && (int)(read(address, BusNumbersOffset) >> 8 & 0xFF) == secondary)
            {
                return address;
            }
        }

        return null;
    }

    private static CapabilityException Unknown(PciAddress address, string why) =>
        new($"pci {address} has no MSI-X, and where its wired interrupt arrives {why}.");
}

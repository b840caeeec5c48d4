// PCI Local Bus 3.0, section 6.1 and 6.2; PCI-to-PCI Bridge 1.2, section 3.2.5.
using Troupe.Actors;
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Discovery;

/// <summary>Finds the functions on PCI, behind bridges too, and tells the registrar. Stops when done.</summary>
public sealed class PciDiscovery : Actor<DiscoveryMessage>, IRefusesSwap
{
    private const int IdentifiersOffset = 0x00;
    private const int ClassOffset = 0x08;
    private const int HeaderOffset = 0x0C;
    private const int BusNumbersOffset = 0x18;
    private const uint NoFunction = 0xFFFF;
    private const uint MultipleFunctions = 0x80;
    private const uint HeaderKindMask = 0x7F;
    private const uint BridgeHeader = 1;
    private const int DevicesPerBus = 32;
    private const int FunctionsPerDevice = 8;
    private const int BusCount = 256;

    private readonly PciBus _bus;
    private readonly ActorRef<DeviceRegistrarMessage> _registrar;

    /// <summary>Creates the discovery.</summary>
    public PciDiscovery(PciBus bus, ActorRef<DeviceRegistrarMessage> registrar)
    {
        _bus = bus;
        _registrar = registrar;
    }

    /// <summary>
    /// All functions that answer, from bus 0 through every bridge whose bus numbers the firmware set. Terminates on any
    /// content of configuration space: a bus is scanned once.
    /// </summary>
    public static IReadOnlyList<(PciAddress Address, DeviceDescription Device)> Enumerate(PciBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        var found = new List<(PciAddress, DeviceDescription)>();
        var scanned = new bool[BusCount];
        var waiting = new Queue<int>([0]);
        while (waiting.TryDequeue(out var number))
        {
            if (scanned[number])
            {
                continue;
            }

            scanned[number] = true;
            for (var device = 0; device < DevicesPerBus; device++)
            {
                ScanDevice(bus, number, device, found, waiting);
            }
        }

        return found;
    }

    /// <inheritdoc/>
    string IRefusesSwap.WhyNotSwapped => "it looks once, when it starts, and stops; a new one would never look, and whoever waits for the devices would wait for ever.";

    /// <inheritdoc/>
    protected override void Started()
    {
        var bus = _bus;
        var functions = Enumerate(bus);
        foreach (var (address, device) in functions)
        {
            _registrar.Tell(new DeviceRegistrarMessage.Found(device, () => bus.Open(address)));
        }

        _registrar.Tell(new DeviceRegistrarMessage.ScanCompleted(DeviceBus.Pci, functions.Count));
        Context.Stop();
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(DiscoveryMessage message) => default;

    private static void ScanDevice(
        PciBus bus, int number, int device, List<(PciAddress, DeviceDescription)> found, Queue<int> waiting)
    {
        for (var function = 0; function < FunctionsPerDevice; function++)
        {
            var address = new PciAddress(number, device, function);
            var identifiers = bus.ReadConfiguration(address, IdentifiersOffset);
            if ((identifiers & 0xFFFF) == NoFunction)
            {
                // Function 0 is there if any is; the others may have gaps.
                if (function == 0)
                {
                    return;
                }

                continue;
            }

            var classCode = bus.ReadConfiguration(address, ClassOffset) >> 8;
            found.Add((address, new DeviceDescription($"pci {address}", DeviceBus.Pci, identifiers & 0xFFFF, identifiers >> 16, classCode)));
            var header = (bus.ReadConfiguration(address, HeaderOffset) >> 16) & 0xFF;
            if ((header & HeaderKindMask) == BridgeHeader)
            {
                waiting.Enqueue((int)((bus.ReadConfiguration(address, BusNumbersOffset) >> 8) & 0xFF));
            }

            if (function == 0 && (header & MultipleFunctions) == 0)
            {
                return;
            }
        }
    }
}

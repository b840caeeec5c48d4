using Troupe.Core.Capabilities;
using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary>What the machine's capabilities refuse, tried on the entropy device that every guest has: nobody else drives it here.</summary>
internal static class Devices
{
    private const uint VirtioVendor = 0x1AF4, TransitionalEntropy = 0x1005, ModernEntropy = 0x1044;

    internal static bool Run()
    {
        GuestMachine machine = new();
        if (FindFunction(machine.PciBus) is { } address)
        {
            return TryFunction(machine.PciBus, address);
        }

        PlatformDevice device = machine.VirtioMmioBus.Devices[0];
        return TryRace(device.OpenInterrupt()) & TryWindow(device);
    }

    private static PciAddress? FindFunction(PciBus bus)
    {
        for (int device = 0; device < 32; device++)
        {
            PciAddress address = new(0, device, 0);
            uint identifiers = bus.ReadConfiguration(address, 0);
            if ((identifiers & 0xFFFF) == VirtioVendor && identifiers >> 16 is TransitionalEntropy or ModernEntropy)
            {
                return address;
            }
        }

        return null;
    }

    private static bool TryFunction(PciBus bus, PciAddress address)
    {
        PciFunction function = bus.Open(address);
        bool passed = Refuses("opening a function twice", () => bus.Open(address));
        passed &= Refuses("opening a function that is not there", () => bus.Open(new PciAddress(0, 30, 7)));
        InterruptLine vector = function.OpenVector(0);
        vector.Connect(static () => { });
        passed &= Refuses("the wired line beside messages", () => function.OpenInterrupt());
        passed &= TryRevoke(function, function.OpenBar(4), vector);
        passed &= Refuses("a window of a revoked function", () => function.OpenBar(4));
        passed &= Refuses("the bus to a revoked function", () => function.SetBusMaster(true));
        passed &= Refuses("the configuration of a revoked function", () => function.ReadConfiguration(0));
        bus.Open(address).Revoke();
        Console.WriteLine("a revoked function opens again");
        return passed;
    }

    private static bool TryWindow(PlatformDevice device)
    {
        InterruptLine line = device.OpenInterrupt();
        line.Connect(static () => { });
        bool passed = TryRevoke(device, device.OpenRegisters(), line);
        return passed & Refuses("a window of a revoked device", () => device.OpenRegisters());
    }

    private static bool TryRevoke(DeviceCapability device, RegisterWindow registers, InterruptLine line)
    {
        DmaArena arena = device.CreateArena(8192);
        DmaBlock block = arena.Allocate(4096, 4096);
        registers.Read32(0);
        device.Revoke();
        device.Revoke();
        bool passed = Refuses("a register after revoking", () => registers.Read32(0));
        passed &= Refuses("a slice's register after revoking", () => registers.Slice(0, 4).Read32(0));
        passed &= Refuses("a line after revoking", () => line.Connect(static () => { }));
        passed &= Refuses("an arena after revoking", () => device.CreateArena(4096));
        passed &= Refuses("memory after revoking", () => arena.Allocate(1, 1));
        passed &= Refuses("a reset that is reported after revoking", arena.DeviceWasReset);
        passed &= block.IsDisposed && arena.IsRevoked;
        line.Disconnect();
        return passed;
    }

    /// <summary>Acknowledging on one processor while the line comes and goes on another: nothing fails, and nothing hangs.</summary>
    private static bool TryRace(InterruptLine line)
    {
        const int Rounds = 2000;
        bool isOver = false;
        Thread acknowledging = new(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                line.Acknowledge();
            }
        });
        acknowledging.Start();
        for (int round = 0; round < Rounds; round++)
        {
            line.Connect(static () => { });
            line.Disconnect();
        }

        Volatile.Write(ref isOver, true);
        acknowledging.Join();
        Console.WriteLine($"{(line.IsLevelTriggered ? "a level" : "an edge")}-triggered line came and went {Rounds} times while it was acknowledged");
        return true;
    }

    private static bool Refuses(string what, Action action)
    {
        try
        {
            action();
        }
        catch (CapabilityException exception)
        {
            Console.WriteLine($"refused: {what} ({exception.Message})");
            return true;
        }

        Console.WriteLine($"NOT refused: {what}");
        return false;
    }
}

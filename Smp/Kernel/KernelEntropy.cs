using Troupe.Core.Machine;
using Troupe.Core.Machine.Memory;
using Troupe.Smp.Kernel.Start;

namespace Troupe.Smp.Kernel;

/// <summary>Randomness for the program and for the kernel itself: ChaCha20 generators, seeded at boot (Core/Machine/Entropy).</summary>
internal static unsafe class KernelEntropy
{
    /// <summary>Boot processor, before anything asks.</summary>
    internal static void Initialize(CpuFeatures* features)
    {
        ulong bytes = KernelRandomness.MemorySize(IProcessors.Maximum);
        ulong memory = KernelMemory.AllocateContiguous((bytes + KernelMemory.FrameSize - 1) / KernelMemory.FrameSize);
        if (memory == 0)
        {
            Panic.Now("not enough memory for the random generators"u8);
        }

        switch (KernelRandomness.Initialize((byte*)memory, IProcessors.Maximum, features, &AskDevice))
        {
            case EntropyQuality.TimerJitter:
                KernelConsole.Write("[kernel] warning: no random instruction and no entropy device; seeded from timer jitter\n"u8);
                break;
            case EntropyQuality.Device when !CommandLine.Quiet:
                KernelConsole.Write("[kernel] no random instruction; seeded from virtio-rng\n"u8);
                break;
        }
    }

    /// <summary>Random bytes into kernel memory.</summary>
    internal static void Fill(byte* destination, int bytes) =>
        KernelRandomness.Fill(Instructions.ProcessorIndex(), destination, (ulong)bytes);

    /// <summary>Asks the first entropy device that delivers, on PCI or behind an announced window. Called only where the processor has no random instruction.</summary>
    private static int AskDevice(byte* destination, int bytes)
    {
        ulong frame = KernelMemory.AllocateFrame();
        if (frame == 0)
        {
            return 0;
        }

        int delivered = AskPci(ref frame, destination, bytes);
        MachineDescription* machine = KernelScratch.Machine;
        for (int i = 0; i < machine->VirtioWindowCount && delivered == 0 && frame != 0; i++)
        {
            delivered = AskWindow(MachineDescription.VirtioWindow(machine, i), ref frame, destination, bytes);
        }

        if (frame != 0)
        {
            KernelMemory.FreeFrame(frame);
        }

        return delivered;
    }

    private static int AskPci(ref ulong frame, byte* destination, int bytes)
    {
        PciTransport transport = default;
        if (!PciTransport.TryFindEntropyDevice(ref transport))
        {
            return 0;
        }

        transport.Open();
        int delivered = PciEntropyDevice.Request(ref transport, frame, destination, bytes, out bool isQuiet);
        transport.Close();
        return Settle(isQuiet, ref frame, delivered);
    }

    private static int AskWindow(VirtioMmioWindow* window, ref ulong frame, byte* destination, int bytes)
    {
        // A window beyond the identity map is nowhere on today's machines and would need another address.
        if (KernelMemory.KernelMap->MapDevice(window->Address, window->Length, out ulong at) != PageTableStatus.Done || at != window->Address)
        {
            return 0;
        }

        MmioTransport transport = default;
        if (!MmioTransport.TryOpen(at, MmioEntropyDevice.DeviceType, ref transport))
        {
            return 0;
        }

        int delivered = MmioEntropyDevice.Request(ref transport, frame, destination, bytes, out bool isQuiet);
        return Settle(isQuiet, ref frame, delivered);
    }

    // A device that has not confirmed its reset may still write to the frame: nobody gets it again.
    private static int Settle(bool isQuiet, ref ulong frame, int delivered)
    {
        if (!isQuiet)
        {
            KernelConsole.Write("[kernel] warning: the entropy device does not reset; a frame is given up\n"u8);
            frame = 0;
        }

        return delivered;
    }
}

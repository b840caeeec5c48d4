using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Smp.Host.Pci;
using Troupe.Smp.Host.Xen;
using Troupe.Smp.Kernel;

namespace Troupe.Smp.Host;

/// <summary>The machine under the program when it runs as a guest: its buses, its serial port, its workers, its counters.</summary>
/// <remarks>There is one. Created by the composition root, which hands its parts to discovery and to the actor system.</remarks>
public sealed class GuestMachine
{
    private const ushort SerialPort = 0x3F8;
    private const int SerialRegisters = 8, SerialInterrupt = 4;

    private readonly WorkerInterrupts _workers;

    /// <summary>Looks at the machine.</summary>
    /// <exception cref="PlatformNotSupportedException">The program runs as an ordinary process.</exception>
    public GuestMachine()
    {
        if (!IsGuest)
        {
            throw new PlatformNotSupportedException("There is no machine to drive: the program runs as an ordinary process.");
        }

        _workers = new WorkerInterrupts(Environment.ProcessorCount);
        PciBus = new MachinePciBus(_workers);
        VirtioMmioBus = new MachineVirtioMmioBus(_workers);
        SerialConsole = new WindowDevice(
            "uart 0", static () => new PortRegisterWindow(SerialPort, SerialRegisters), WindowDevice.Line(_workers, MachineFacts.IsaInterrupt(SerialInterrupt)));
        Xen = MachineXen.TryFind(_workers);
        Workers = new MachineWorkerHost(_workers, Environment.ProcessorCount);
    }

    /// <summary>Whether the program runs on our kernel: it hands this variable over.</summary>
    public static bool IsGuest { get; } = Environment.GetEnvironmentVariable("TROUPE") == "1";

    /// <summary>The PCI hierarchy; empty on a machine without one.</summary>
    public PciBus PciBus { get; }

    /// <summary>The virtio-mmio windows that firmware or the command line announced.</summary>
    public VirtioMmioBus VirtioMmioBus { get; }

    /// <summary>The first serial port.</summary>
    public PlatformDevice SerialConsole { get; }

    /// <summary>What there is of Xen, in a domain of it; else null.</summary>
    public MachineXen? Xen { get; }

    /// <summary>Actor workers, one a processor, woken by interrupts.</summary>
    public IWorkerHost Workers { get; }

    /// <summary>The kernel half's counters, now.</summary>
    public static KernelStatistics Statistics => MachineFacts.Statistics;

    /// <summary>
    /// Whether the program tells the time by itself, from the time-stamp counter (docs/system-calls.md). It does unless the clock is a
    /// paravirtual one, KVM's or Xen's, whose record is each processor's own: then a reading is a system call.
    /// </summary>
    public static bool ClockIsShared => MachineFacts.ClockIsShared;

    /// <summary>How long interrupts were off, until now.</summary>
    public static InterruptsOffReport InterruptsOff => new();

    /// <summary>A parker on the kernel's futex, for any thread.</summary>
    public static IParker CreateParker() => new LinuxParker();

    /// <summary>Fills with the kernel half's random numbers: secrets may be made of them.</summary>
    public static unsafe void FillRandom(Span<byte> bytes)
    {
        fixed (byte* first = bytes)
        {
            for (int done = 0; done < bytes.Length;)
            {
                done += (int)KernelCalls.Require("hand out random bytes", KernelCalls.GetRandom, (long)(first + done), bytes.Length - done);
            }
        }
    }

    /// <summary>Mixes what an entropy device delivered into the kernel's random pool; at most 2,048 bytes.</summary>
    public static unsafe void ContributeEntropy(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
        {
            KernelCalls.Require("take entropy", HostCall.ContributeEntropy, (long)first, bytes.Length);
        }
    }

    /// <summary>Stops the calling thread's processor with interrupts off, for good: what the watchdog's test does.</summary>
    public static void HangProcessor() => KernelCalls.Halt();

    /// <summary>Lets the calling thread's processor take no interrupt any more but an NMI: once it is idle it sleeps for good, as if interrupts got lost. What the watchdog's test does.</summary>
    public static void DeafenProcessor() => KernelCalls.TakeNoInterrupt();
}

using System.Runtime.InteropServices;

namespace Troupe.Smp.Kernel;

/// <summary>
/// The calls of Smp/Host into the kernel half, by system-call number: above Linux's. Answers below zero are negated error numbers,
/// as everywhere. Nothing else of the program may make them: the compiler refuses DllImport outside Core/Machine and Smp (Tools/Build/BannedSymbols.Safe.txt).
/// </summary>
public static class HostCall
{
    /// <summary>(physical, bytes) -> virtual address of a device window, uncached; refused where it touches RAM.</summary>
    public const long MapDevice = 0x1000;

    /// <summary>(bytes, alignment) -> address of zeroed frames that follow each other, the same for device and processor.</summary>
    public const long AllocateDma = 0x1001;

    /// <summary>(address, bytes) -> 0.</summary>
    public const long FreeDma = 0x1002;

    /// <summary>(global interrupt, flags, processor) -> vector of a wired line, masked. Flags: 1 level, 2 active low.</summary>
    public const long OpenLine = 0x1003;

    /// <summary>(processor, address of a 64-bit word for the message address) -> vector | message data &lt;&lt; 32.</summary>
    public const long OpenMessage = 0x1004;

    /// <summary>(vector) -> 0: unmasks a wired line.</summary>
    public const long Unmask = 0x1005;

    /// <summary>(vector) -> 0: masks a wired line.</summary>
    public const long Mask = 0x1006;

    /// <summary>(vector) -> 0: gives the vector back; its source is quiet.</summary>
    public const long CloseInterrupt = 0x1007;

    /// <summary>() -> address of the worker blocks (<see cref="WorkerBlock"/>), one a processor.</summary>
    public const long WorkerBlocks = 0x1008;

    /// <summary>(<see cref="MachineFact"/>, index, destination) -> a fact about the machine, or the error "out of range" past the last.</summary>
    public const long MachineFact = 0x1009;

    /// <summary>(source, bytes up to 2048) -> 0: mixes what an entropy device delivered into the kernel's random pool.</summary>
    public const long ContributeEntropy = 0x100A;

    /// <summary>
    /// (address of a word, first word of any string object) -> 0: while the calling thread runs an actor, the word refers to its name,
    /// a string object of the runtime. For panics only; the address 0 takes it back.
    /// </summary>
    public const long ShowRunningActor = 0x100B;

    /// <summary>(kind, remote domain, processor) -> vector | port &lt;&lt; 32 of a Xen event channel, masked. Kinds: <see cref="ChannelToDomain"/>, <see cref="ChannelOfStore"/>.</summary>
    public const long OpenChannel = 0x100C;

    /// <summary>(port) -> 0: lets an opened channel interrupt.</summary>
    public const long UnmaskChannel = 0x100D;

    /// <summary>(port) -> 0: tells the other end of an opened channel.</summary>
    public const long NotifyChannel = 0x100E;

    /// <summary>(port) -> 0: gives an opened channel back.</summary>
    public const long CloseChannel = 0x100F;

    /// <summary>() -> address of the Xen grant table (version 1) of <see cref="GrantTablePages"/> pages, or "out of memory".</summary>
    public const long GrantTable = 0x1010;

    /// <summary>() -> 0: a Xen domain asks to be started again when the program ends.</summary>
    public const long RestartAtExit = 0x1011;

    /// <summary>(address, bytes of room) -> 0: where the program keeps what it has not said yet, for a panic: <c>LastWords</c> of Core/Machine. It stays there as long as the program runs.</summary>
    public const long ShowLastWords = 0x1012;

    /// <summary>A channel that the remote domain may bind itself to.</summary>
    public const ulong ChannelToDomain = 0;

    /// <summary>The channel to xenstore, which the toolstack made.</summary>
    public const ulong ChannelOfStore = 1;

    /// <summary>Pages of <see cref="GrantTable"/>, 512 grants each.</summary>
    public const int GrantTablePages = 16;
}

/// <summary>What <see cref="HostCall.MachineFact"/> tells.</summary>
public static class MachineFact
{
    /// <summary>Three words: address, bytes, global interrupt | level &lt;&lt; 32 | active low &lt;&lt; 33 of virtio-mmio window <c>index</c>.</summary>
    public const long VirtioWindow = 0;

    /// <summary>Two words: address, first bus | last bus &lt;&lt; 8 of PCI ECAM range <c>index</c>.</summary>
    public const long EcamRange = 1;

    /// <summary>One word: global interrupt | level &lt;&lt; 32 | active low &lt;&lt; 33 of ISA interrupt <c>index</c>.</summary>
    public const long IsaInterrupt = 2;

    /// <summary>Three words: address, bytes, bus &lt;&lt; 16 | device &lt;&lt; 11 | function &lt;&lt; 8 | number | of ports &lt;&lt; 32 of PCI base address register <c>index</c>.</summary>
    public const long BaseAddress = 3;

    /// <summary>Words of <see cref="KernelStatistics"/>.</summary>
    public const long Statistics = 4;

    /// <summary>The <see cref="Kernel.InterruptsOff"/> of processor <c>index</c>.</summary>
    public const long InterruptsOff = 5;

    /// <summary>One word: address of the page shared with xenstore; "out of range" where there is none.</summary>
    public const long XenStore = 6;

    /// <summary>One word: 1 where the program tells the time by itself, from the time-stamp counter; 0 where it asks the kernel (a paravirtual clock).</summary>
    public const long ClockIsShared = 7;
}

/// <summary>Counters of the whole machine, as 64-bit words in this order.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KernelStatistics
{
    /// <summary>Nanoseconds since boot.</summary>
    public long Uptime;

    /// <summary>Switches of threads.</summary>
    public long ContextSwitches;

    /// <summary>Threads made ready.</summary>
    public long WakeUps;

    /// <summary>Threads taken off their processor before they wanted to leave.</summary>
    public long Preemptions;

    /// <summary>Threads taken from another processor's queue.</summary>
    public long Steals;

    /// <summary>Interrupts taken.</summary>
    public long Interrupts;

    /// <summary>System calls made.</summary>
    public long SystemCalls;

    /// <summary>Page faults resolved.</summary>
    public long PageFaults;

    /// <summary>TLB shootdowns and barriers.</summary>
    public long Shootdowns;

    /// <summary>Nanoseconds that processors were idle, summed.</summary>
    public long IdleTime;

    /// <summary>Threads alive.</summary>
    public long Threads;

    /// <summary>Frames of 4 KiB: managed, free, most ever used.</summary>
    public long TotalFrames, FreeFrames, PeakFrames;
}

namespace Troupe.Smp.Kernel.Signals;

/// <summary>
/// What rt_sigaction set, for the whole program: 64 entries of handler, flags, restorer, mask (the kernel's struct sigaction).
/// An entry is written with its handler last, so one that had none is complete when its handler is seen. A change of an entry while
/// its signal is being delivered may be seen half: the runtime changes entries at start-up only.
/// </summary>
internal static unsafe class SignalActions
{
    internal const int Highest = 64;

    /// <summary>SIG_DFL and SIG_IGN (include/uapi/asm-generic/signal-defs.h).</summary>
    internal const ulong Default = 0, Ignore = 1;

    /// <summary>SA_ONSTACK, SA_NODEFER, SA_RESTORER.</summary>
    internal const ulong OnStack = 0x0800_0000, NoDefer = 0x4000_0000;

    private static ulong* _table;

    internal static void Initialize(ulong page) => _table = (ulong*)page;

    internal static ulong* Entry(int signal) => _table + ((ulong)signal * 4);

    internal static ulong Handler(int signal) => (ulong)Core.Memory.ProcessorMemory.LoadAcquire(ref *(long*)Entry(signal));

    internal static void Set(int signal, ulong handler, ulong flags, ulong restorer, ulong mask)
    {
        ulong* entry = Entry(signal);
        entry[1] = flags;
        entry[2] = restorer;
        entry[3] = mask;
        Core.Memory.ProcessorMemory.StoreRelease(ref *(long*)entry, (long)handler);
    }
}

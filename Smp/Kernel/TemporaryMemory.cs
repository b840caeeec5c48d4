using Troupe.Core.Machine;
using Troupe.Core.Machine.Memory;
using Troupe.Smp.Kernel.SystemCalls;
namespace Troupe.Smp.Kernel;

internal static unsafe class TemporaryMemory
{
    private static ulong _next = 0, _brk;
    private static KernelSpinLock _lock;
    internal const ulong Base = 0x80_0000_0000;
    internal static ulong Map(ulong addr, ulong len, bool fixedAddr)
    {
        if (fixedAddr) return addr;
        _lock.Acquire();
        if (_next == 0) _next = Base + 0x4000_0000;
        ulong va = _next; _next += ((len + 0xFFFF) & ~0xFFFFUL) + 0x10000;
        _lock.Release();
        return va;
    }
    internal static ulong Brk(ulong a) { if (_brk == 0) _brk = Base; if (a >= Base && a < Base + 0x4000_0000) _brk = a; return _brk; }
    internal static bool Fault(ulong a)
    {
        if (a < Base || a >= Base + 0x100_0000_0000) return false;
        ulong f = KernelMemory.AllocateFrame();
        if (f == 0) Panic.Now("oom"u8);
        _lock.Acquire();
        var st = KernelMemory.PageTables->Map(a & ~4095UL, f, PageFlags.Writable | PageFlags.NoExecute);
        _lock.Release();
        if (st == PageTableStatus.AlreadyMapped) { KernelMemory.FreeFrame(f); return true; }
        return st == PageTableStatus.Done;
    }
}
internal static unsafe class MemoryCalls
{
    internal static long Map(KernelThread* t, ulong a, ulong len, ulong prot, ulong flags, ulong fd) => (long)TemporaryMemory.Map(a, len, (flags & 0x10) != 0);
    internal static long Unmap(KernelThread* t, ulong a, ulong len) => 0;
    internal static long Protect(KernelThread* t, ulong a, ulong len, ulong prot)
    {
        if (a >= ImageSymbols.ImageHeader() && a < ImageSymbols.ImageEnd())
            return KernelMemory.KernelMap->Protect(a, len, (prot & 2) != 0 ? PageFlags.Writable | PageFlags.NoExecute : (prot & 4) != 0 ? PageFlags.None : PageFlags.NoExecute) == PageTableStatus.Done ? 0 : Errno.NoMemory;
        return 0;
    }
    internal static long Advise(KernelThread* t, ulong a, ulong len, ulong adv) => 0;
    internal static long Barrier(ulong cmd) { if (cmd == 0) return 0x18; if (cmd == 8) KernelMemory.TlbShootdown->MemoryBarrier(); return 0; }
    internal static long Break(ulong a) => (long)TemporaryMemory.Brk(a);
    internal static long InCore(ulong a, ulong len, ulong vec) => Errno.NoMemory;
}
internal static unsafe class OwnCalls { internal static long Call(KernelThread* t) => Errno.NotImplemented; }
internal static unsafe class DeviceInterrupts { internal static void Post(byte v) { } }

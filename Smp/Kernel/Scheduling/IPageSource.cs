namespace Troupe.Smp.Kernel.Scheduling;

/// <summary>Where the thread table gets its memory: the frame allocator in the kernel, native memory in tests.</summary>
public unsafe interface IPageSource
{
    /// <summary>A page of 4096 bytes, aligned, contents arbitrary; null: there is none. It is never given back.</summary>
    static abstract void* Allocate();
}

using Troupe.Core.Machine;
using Troupe.Core.Machine.Memory;
using Troupe.Core.Memory;

namespace Troupe.Verification.Protocols;

/// <summary>
/// Processor 0 unmaps a page, shoots its translation down and frees the frame. Processor 1 has the translation cached, goes idle,
/// comes back and uses the page if it can. It must never reach a freed frame, and no translation that was answered for may outlive one.
/// </summary>
internal sealed unsafe class ShootdownProtocol<TMemory, TWorld> : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private const ulong Page = 0x1000;

    private readonly TlbShootdown<TMemory, TWorld, Translation>* _shootdown;
    private readonly int* _words;
    private readonly bool[] _cached = new bool[2];
    private readonly bool[] _answering = new bool[2];
    private readonly bool _both;
    private readonly bool _announces;

    /// <param name="both">Both processors unmap, so that a spinning one must answer the other.</param>
    /// <param name="announces">Processor 1 says that it leaves idle before it uses memory: without that the protocol is broken.</param>
    public ShootdownProtocol(bool both = false, bool announces = true)
    {
        _both = both;
        _announces = announces;
        _words = (int*)Allocate(3 * sizeof(int));
        Mapped = 1;
        _cached[1] = true;
        _shootdown = (TlbShootdown<TMemory, TWorld, Translation>*)Allocate(sizeof(TlbShootdown<TMemory, TWorld, Translation>));
        _shootdown->EnterRunning(); // processor 0, the caller
    }

    public override Action[] Processors => _both ? [Unmap, UnmapToo] : [Unmap, IdleAndUse];

    /// <summary>The page table entry.</summary>
    public ref int Mapped => ref _words[0];

    /// <summary>Whether the frame belongs to somebody else by now.</summary>
    public ref int Freed => ref _words[1];

    public override void OnPause() => Answer();

    private void Answer()
    {
        if (!TWorld.Take(ProcessorInterrupt.TlbShootdown)) return;
        _answering[TWorld.Current] = true;
        _shootdown->Answer();
        _answering[TWorld.Current] = false;
    }

    private void Unmap()
    {
        TMemory.StoreRelease(ref Mapped, 0);
        _shootdown->Invalidate(Page, 2 * Page);
        TMemory.StoreRelease(ref Freed, 1);
        _shootdown->EnterIdle();
    }

    private void UnmapToo()
    {
        _shootdown->EnterRunning();
        _shootdown->Invalidate(4 * Page, 5 * Page);
        Use();
        _shootdown->EnterIdle();
    }

    private void IdleAndUse()
    {
        if (_announces) _shootdown->EnterRunning();
        for (var turn = 0; turn < 2; turn++)
        {
            Answer();
            // Two, since whoever waits for an answer may be let go on by the first.
            Use();
            Use();
        }

        _shootdown->EnterIdle();
    }

    /// <summary>One instruction that uses the page if the processor has a translation or finds one; interrupts come before or after.</summary>
    private void Use()
    {
        ref var cached = ref _cached[TWorld.Current];
        if (!cached && TMemory.LoadAcquire(ref Mapped) == 0) return;
        cached = true;
        Require(TMemory.LoadAcquire(ref Freed) == 0, "a stale translation reaches a freed frame");
    }

    // A processor may follow a translation that it still has at any time, speculating: while it is awaited, the frame is nobody else's.
    private void Drop()
    {
        var me = TWorld.Current;
        if (_cached[me] && _answering[me]) Require(TMemory.LoadAcquire(ref Freed) == 0, "a translation outlives a freed frame");
        _cached[me] = false;
    }

    private readonly struct Translation : ITranslation
    {
        public static void InvalidatePage(ulong virtualAddress)
        {
            if (virtualAddress == Page) FlushAll();
        }

        public static void FlushAll() => ((ShootdownProtocol<TMemory, TWorld>)TWorld.Protocol).Drop();
    }
}

using System.Runtime.CompilerServices;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>An actor in a run queue.</summary>
internal struct ReadyCell(ActorCell cell) : IRunQueueItem<ReadyCell>
{
    private ActorCell? _cell = cell;

    internal readonly ActorCell Cell => _cell!;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReadyCell Load<TMemory>(ref ReadyCell slot) where TMemory : struct, IMemory => new(TMemory.LoadAcquire(ref slot._cell)!);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TMemory>(ref ReadyCell slot, ReadyCell item) where TMemory : struct, IMemory => TMemory.StoreRelease(ref slot._cell, item._cell);
}

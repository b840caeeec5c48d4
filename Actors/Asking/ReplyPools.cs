using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>A system's pools of pending replies, one per type of answer, found by a number each type gets at first use.</summary>
internal sealed class ReplyPools(ActorSystem system)
{
    private static int _types;
    private readonly object _growing = new();
    private object?[] _pools = [];

    internal PendingReply<TReply> Rent<[Sendable] TReply>()
    {
        object?[]? pools = ProcessorMemory.LoadAcquire(ref _pools!);
        int number = TypeNumber<TReply>.Value;
        ReplyPool<TReply> pool = number < pools!.Length && pools[number] is ReplyPool<TReply> known ? known : Add<TReply>(number);
        return pool.Rent();
    }

    private ReplyPool<TReply> Add<[Sendable] TReply>(int number)
    {
        lock (_growing)
        {
            if (number < _pools.Length && _pools[number] is ReplyPool<TReply> known)
                return known;
            var pool = new ReplyPool<TReply>(system);
            object?[]? grown = new object?[Math.Max(number + 1, _pools.Length)];
            _pools.CopyTo(grown, 0);
            grown[number] = pool;
            ProcessorMemory.StoreRelease(ref _pools!, grown);
            return pool;
        }
    }

    private static class TypeNumber<TReply>
    {
        internal static readonly int Value = ProcessorMemory.Add(ref _types, 1) - 1;
    }
}

// POSIX 2.14: the lowest free descriptor; and what threads do at once must be explained by some order of it.
using Troupe.Net.Contracts;
using Troupe.Net.Sockets;

namespace Troupe.Properties.Tests;

public sealed class SocketTableTests
{
    private const int First = 3;
    private const int Capacity = 5;

    [Fact]
    public void ItGivesTheLowestFreeDescriptor() => Gen.Const(0).Select(static _ => (new Actual(Capacity), new SortedDictionary<int, string>())).SampleModelBased(
        Gen.String[Gen.Char['a', 'z'], 1, 3].Operation<Actual, SortedDictionary<int, string>>(
            static (table, entry) => table.Add(entry),
            static (model, entry) =>
            {
                int free = Enumerable.Range(First, Capacity).FirstOrDefault(descriptor => !model.ContainsKey(descriptor));
                if (free != 0)
                    model[free] = entry;
            }),
        Gen.Int[First - 1, First + Capacity].Operation<Actual, SortedDictionary<int, string>>(
            static (table, descriptor) => table.Table.Remove(descriptor), static (model, descriptor) => model.Remove(descriptor)),
        equal: static (table, model) => table.ToString() == string.Join(' ', model.Select(static pair => $"{pair.Key}:{pair.Value}")),
        iter: 1_000);

    [Fact]
    public void ThreadsThatAddAndRemoveAtOnceLeaveWhatSomeOrderOfThemLeaves() => Gen.Const(0).Select(static _ => new Actual(200)).SampleParallel(
        Gen.String[Gen.Char['a', 'z'], 1, 3].Operation<Actual>(static (table, entry) => table.Add(entry)),
        Gen.Int[First, First + 4].Operation<Actual>(static (table, descriptor) => table.Table.Remove(descriptor)),
        equal: static (left, right) => left.ToString() == right.ToString(),
        iter: 100);

    [Fact]
    public void ThreadsThatTakeFromABudgetTakeNoMoreThanItHas() => Gen.Int[0, 6].Select(static buffers => new Taken(buffers)).SampleParallel(
        Gen.Int[1, 4].Operation<Taken>(static (taken, count) => taken.Take(count)),
        Gen.Const(0).Operation<Taken>(static (taken, _) => taken.Return()),
        equal: static (left, right) => left.Free == right.Free && left.Free >= 0,
        iter: 100);

    private sealed class Actual(int capacity)
    {
        public SocketTable Table { get; } = new(First, capacity);

        public void Add(string entry) => Table.TryAdd(entry, out _);

        public override string ToString() => string.Join(' ', Enumerable.Range(First - 1, 205).Where(descriptor => Table.Find<string>(descriptor) is not null)
            .Select(descriptor => $"{descriptor}:{Table.Find<string>(descriptor)}"));
    }

    private sealed class Taken(int buffers)
    {
        private readonly ReassemblyBudget _budget = new(buffers);
        private int _taken;

        // What is left, found out by taking it.
        public int Free
        {
            get
            {
                int free = 0;
                while (_budget.TryTake())
                    free++;
                _budget.Return(free);
                return free;
            }
        }

        public void Take(int count)
        {
            if (_budget.TryTake(count))
                Interlocked.Add(ref _taken, count);
        }

        public void Return()
        {
            int taken = Interlocked.Exchange(ref _taken, 0);
            _budget.Return(taken);
        }
    }
}

using System.Collections.Immutable;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>
/// x86-TSO's abstract machine (Sewell et al., section 3) by breadth-first search over explicit states: shares no code
/// with the explorer, and no cleverness.
/// </summary>
internal static class ReferenceMachine
{
    public static (SortedSet<string> Outcomes, bool Deadlock) Run(LitmusProgram program, MemoryModel model)
    {
        var outcomes = new SortedSet<string>(StringComparer.Ordinal);
        var deadlock = false;
        var empty = ImmutableArray<int>.Empty;
        var start = new State(
            [.. program.Threads.Select(_ => 0)],
            [.. program.Threads.Select(_ => empty)],
            [.. program.Threads.Select(_ => ImmutableArray<(int, int)>.Empty)],
            [.. Enumerable.Repeat(0, program.Locations)]);
        var work = new Stack<State>([start]);
        var seen = new HashSet<string> { start.Key() };
        while (work.TryPop(out var state))
        {
            var stuck = true;
            foreach (var next in Successors(program, model, state))
            {
                stuck = false;
                if (seen.Add(next.Key())) work.Push(next);
            }

            if (!stuck) continue;
            if (state.Counters.Zip(program.Threads).All(p => p.First == p.Second.Length))
                outcomes.Add(LitmusProgram.Format(state.Registers.Select(r => r.AsEnumerable()), state.Memory));
            else
                deadlock = true;
        }

        return (outcomes, deadlock);
    }

    private static IEnumerable<State> Successors(LitmusProgram program, MemoryModel model, State state)
    {
        for (var t = 0; t < program.Threads.Length; t++)
        {
            var buffer = state.Buffers[t];
            if (!buffer.IsEmpty)
            {
                var (location, value) = buffer[0];
                yield return state with { Buffers = state.Buffers.SetItem(t, buffer.RemoveAt(0)), Memory = state.Memory.SetItem(location, value) };
            }

            if (state.Counters[t] == program.Threads[t].Length) continue;
            var step = program.Threads[t][state.Counters[t]];
            var seen = state.Memory[step.Location];
            foreach (var (location, value) in buffer)
            {
                if (location == step.Location) seen = value;
            }

            // An await blocks until it sees something, and then reads: two steps, because another store may come between.
            var awaiting = step.Instruction == Instruction.Await && !state.Awaited.Contains(t);
            if (awaiting)
            {
                if (seen != 0) yield return state with { Awaited = state.Awaited.Add(t) };
                continue;
            }

            var next = state with { Counters = state.Counters.SetItem(t, state.Counters[t] + 1), Awaited = state.Awaited.Remove(t) };
            var read = next with { Registers = next.Registers.SetItem(t, next.Registers[t].Add(seen)) };
            switch (step.Instruction)
            {
                case Instruction.Read or Instruction.Await: yield return read; break;
                case Instruction.Write when model == MemoryModel.SequentialConsistency:
                    yield return next with { Memory = next.Memory.SetItem(step.Location, step.Value) };
                    break;
                case Instruction.Write: yield return next with { Buffers = next.Buffers.SetItem(t, buffer.Add((step.Location, step.Value))) }; break;
                case Instruction.Fence when buffer.IsEmpty: yield return next; break;
                case Instruction.Exchange when buffer.IsEmpty:
                    yield return read with { Memory = next.Memory.SetItem(step.Location, step.Value) };
                    break;
                case Instruction.CompareExchange when buffer.IsEmpty:
                    yield return seen == 0 ? read with { Memory = next.Memory.SetItem(step.Location, step.Value) } : read;
                    break;
            }
        }
    }

    private sealed record State(
        ImmutableArray<int> Counters,
        ImmutableArray<ImmutableArray<int>> Registers,
        ImmutableArray<ImmutableArray<(int Location, int Value)>> Buffers,
        ImmutableArray<int> Memory)
    {
        public ImmutableSortedSet<int> Awaited { get; init; } = [];

        public string Key() => string.Join(';', Counters) + "/" + string.Join(';', Registers.Select(r => string.Join(',', r))) + "/"
            + string.Join(';', Buffers.Select(b => string.Join(',', b))) + "/" + string.Join(';', Memory) + "/" + string.Join(';', Awaited);
    }
}

using System.Collections.Immutable;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>
/// The machine of strong release/acquire (Lahav et al., POPL 2016) with a global view for full fences, by search over explicit states: shares no code with the explorer, and no
/// cleverness.
/// </summary>
internal static class ViewMachine
{
    public static (SortedSet<string> Outcomes, bool Deadlock) Run(LitmusProgram program)
    {
        var outcomes = new SortedSet<string>(StringComparer.Ordinal);
        var deadlock = false;
        ImmutableArray<int> nothing = [.. Enumerable.Repeat(0, program.Locations)];
        var start = new State(
            [.. program.Threads.Select(_ => 0)],
            [.. program.Threads.Select(_ => ImmutableArray<int>.Empty)],
            [.. Enumerable.Repeat(ImmutableArray.Create(new Message(0, nothing)), program.Locations)],
            [.. program.Threads.Select(_ => nothing)],
            [.. program.Threads.Select(_ => nothing)],
            [.. program.Threads.Select(_ => nothing)],
            nothing,
            [.. program.Threads.Select(_ => false)]);
        var work = new Stack<State>([start]);
        var seen = new HashSet<string> { start.Key() };
        while (work.TryPop(out var state))
        {
            var stuck = true;
            foreach (var next in Successors(program, state))
            {
                stuck = false;
                if (seen.Add(next.Key())) work.Push(next);
            }

            if (!stuck) continue;
            if (state.Counters.Zip(program.Threads).All(p => p.First == p.Second.Length))
                outcomes.Add(LitmusProgram.Format(state.Registers.Select(r => r.AsEnumerable()), state.Histories.Select(h => h[^1].Value)));
            else
                deadlock = true;
        }

        return (outcomes, deadlock);
    }

    private static IEnumerable<State> Successors(LitmusProgram program, State state)
    {
        for (var t = 0; t < program.Threads.Length; t++)
        {
            if (state.Counters[t] == program.Threads[t].Length) continue;
            var step = program.Threads[t][state.Counters[t]];
            var history = state.Histories[step.Location];
            var view = state.Views[t];
            if (step.Instruction == Instruction.Await && !state.Awaited[t])
            {
                // Who waits sees the newest in the end, and then reads: another store may come between.
                if (history[^1].Value != 0) yield return Read(state, t, step.Location, history.Length - 1, acquires: true) with { Awaited = state.Awaited.SetItem(t, true) };
                continue;
            }

            var next = state with { Counters = state.Counters.SetItem(t, state.Counters[t] + 1), Awaited = state.Awaited.SetItem(t, false) };
            switch (step.Instruction)
            {
                case Instruction.Read or Instruction.ReadRelaxed or Instruction.Await:
                    for (var index = view[step.Location]; index < history.Length; index++)
                    {
                        yield return Register(Read(next, t, step.Location, index, step.Instruction != Instruction.ReadRelaxed), t, history[index].Value);
                    }

                    break;
                case Instruction.Write or Instruction.WriteRelaxed:
                    yield return Write(next, t, step, step.Instruction == Instruction.Write);
                    break;
                case Instruction.Fence:
                    yield return Fence(next, t);
                    break;
                case Instruction.Exchange or Instruction.CompareExchange:
                    var before = history[^1].Value;
                    var updated = Read(Fence(next, t), t, step.Location, history.Length - 1, acquires: true);
                    if (step.Instruction == Instruction.Exchange || (before == 0 && step.Value != 0)) updated = Write(updated, t, step, releases: true);
                    yield return Register(Fence(updated, t), t, before);
                    break;
            }
        }
    }

    private static State Register(State state, int thread, int value) => state with { Registers = state.Registers.SetItem(thread, state.Registers[thread].Add(value)) };

    private static State Read(State state, int thread, int location, int index, bool acquires)
    {
        var view = state.Views[thread].SetItem(location, Math.Max(state.Views[thread][location], index));
        var left = state.Histories[location][index].Left;
        return acquires
            ? state with { Views = state.Views.SetItem(thread, Join(view, left)) }
            : state with { Views = state.Views.SetItem(thread, view), Unacquired = state.Unacquired.SetItem(thread, Join(state.Unacquired[thread], left)) };
    }

    private static State Write(State state, int thread, Step step, bool releases)
    {
        var history = state.Histories[step.Location];
        var view = state.Views[thread].SetItem(step.Location, history.Length);
        var left = (releases ? view : state.Released[thread]).SetItem(step.Location, history.Length);
        return state with { Views = state.Views.SetItem(thread, view), Histories = state.Histories.SetItem(step.Location, history.Add(new Message(step.Value, left))) };
    }

    private static State Fence(State state, int thread)
    {
        var view = Join(Join(state.Views[thread], state.Unacquired[thread]), state.Global);
        return state with { Views = state.Views.SetItem(thread, view), Released = state.Released.SetItem(thread, view), Global = view };
    }

    private static ImmutableArray<int> Join(ImmutableArray<int> left, ImmutableArray<int> right) => [.. left.Zip(right, Math.Max)];

    private sealed record Message(int Value, ImmutableArray<int> Left);

    private sealed record State(
        ImmutableArray<int> Counters,
        ImmutableArray<ImmutableArray<int>> Registers,
        ImmutableArray<ImmutableArray<Message>> Histories,
        ImmutableArray<ImmutableArray<int>> Views,
        ImmutableArray<ImmutableArray<int>> Released,
        ImmutableArray<ImmutableArray<int>> Unacquired,
        ImmutableArray<int> Global,
        ImmutableArray<bool> Awaited)
    {
        public string Key() => string.Join(';', Counters) + "/" + string.Join(';', Registers.Select(Text)) + "/"
            + string.Join(';', Histories.Select(history => string.Join('|', history.Select(m => $"{m.Value}:{Text(m.Left)}")))) + "/" + string.Join(';', Views.Concat(Released).Concat(Unacquired).Select(Text)) + "/"
            + Text(Global) + "/" + string.Join(',', Awaited);

        private static string Text(ImmutableArray<int> numbers) => string.Join(',', numbers);
    }
}

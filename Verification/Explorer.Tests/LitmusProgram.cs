using System.Globalization;
using Troupe.Core.Memory;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>What one instruction of a litmus test does.</summary>
internal enum Instruction
{
    /// <summary>Reads a location into the next register.</summary>
    Read,

    /// <summary>The same without acquiring.</summary>
    ReadRelaxed,

    /// <summary>Writes a number.</summary>
    Write,

    /// <summary>The same without releasing.</summary>
    WriteRelaxed,

    /// <summary>Swaps in a number; the old value goes to the next register.</summary>
    Exchange,

    /// <summary>Replaces 0 by a number; the old value goes to the next register.</summary>
    CompareExchange,

    /// <summary>Store-load fence.</summary>
    Fence,

    /// <summary>Blocks until the location is not 0; its value goes to the next register.</summary>
    Await,
}

internal readonly record struct Step(Instruction Instruction, int Location = 0, int Value = 0);

/// <summary>A straight-line program for each of a few threads over a few locations, all 0 at first.</summary>
internal sealed record LitmusProgram(int Locations, params Step[][] Threads)
{
    public static Step R(int location) => new(Instruction.Read, location);

    public static Step W(int location, int value) => new(Instruction.Write, location, value);

    public static Step PlainR(int location) => new(Instruction.ReadRelaxed, location);

    public static Step PlainW(int location, int value) => new(Instruction.WriteRelaxed, location, value);

    public static Step X(int location, int value) => new(Instruction.Exchange, location, value);

    public static Step C(int location, int value) => new(Instruction.CompareExchange, location, value);

    public static Step A(int location) => new(Instruction.Await, location);

    public static Step F() => new(Instruction.Fence);

    /// <summary>"r1 r2 | r3 | memory": registers thread by thread in program order, then the final memory.</summary>
    public static string Format(IEnumerable<IEnumerable<int>> registers, IEnumerable<int> memory) =>
        string.Join(" | ", registers.Append(memory).Select(group => string.Join(' ', group.Select(n => n.ToString(CultureInfo.InvariantCulture)))));

    /// <summary>Runs on the explorer, with the code a user would write.</summary>
    public void Build(Scenario scenario)
    {
        var memory = new int[Locations];
        var registers = Threads.Select(t => new List<int>()).ToArray();
        for (var t = 0; t < Threads.Length; t++)
        {
            var (steps, mine) = (Threads[t], registers[t]);
            scenario.Thread($"thread {t}", () => Run<ExplorerMemory>(steps, memory, mine));
        }

        scenario.Outcome(() => Format(registers, memory));
    }

    private static void Run<TMemory>(Step[] steps, int[] memory, List<int> registers)
        where TMemory : struct, IMemory
    {
        foreach (var step in steps)
        {
            ref var location = ref memory[step.Location];
            switch (step.Instruction)
            {
                case Instruction.Read: registers.Add(TMemory.LoadAcquire(ref location)); break;
                case Instruction.ReadRelaxed: registers.Add(ExplorerMemory.LoadRelaxed(ref location)); break;
                case Instruction.WriteRelaxed: ExplorerMemory.StoreRelaxed(ref location, step.Value); break;
                case Instruction.Write: TMemory.StoreRelease(ref location, step.Value); break;
                case Instruction.Exchange: registers.Add(TMemory.Exchange(ref location, step.Value)); break;
                case Instruction.CompareExchange: registers.Add(TMemory.CompareExchange(ref location, step.Value, 0)); break;
                case Instruction.Fence: TMemory.FullFence(); break;
                case Instruction.Await:
                    var index = step.Location;
                    Explored.WaitUntil(() => TMemory.LoadAcquire(ref memory[index]) != 0);
                    registers.Add(TMemory.LoadAcquire(ref location));
                    break;
            }
        }
    }
}

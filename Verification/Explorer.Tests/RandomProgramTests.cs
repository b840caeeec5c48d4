using Xunit.Abstractions;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>
/// Random little programs: the reduced search, the full search and a naive state-space search of the abstract machine
/// must agree on every outcome and on whether somebody can be blocked for ever.
/// </summary>
public sealed class RandomProgramTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(MemoryModel.TotalStoreOrder)]
    [InlineData(MemoryModel.SequentialConsistency)]
    [InlineData(MemoryModel.ReleaseAcquire)]
    public void The_reduced_search_finds_what_the_abstract_machine_can_do(MemoryModel model)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TROUPE_SEED"), out var given) ? given : 20261123;
        var programs = int.TryParse(Environment.GetEnvironmentVariable("TROUPE_EXPLORE_PROGRAMS"), out var count) ? count : 300;
        output.WriteLine($"TROUPE_SEED={seed}");
        var random = new Random(seed);
        long schedules = 0, redundant = 0;
        for (var i = 0; i < programs; i++)
        {
            var program = Generate(random, awaits: i % 3 == 0, plain: model == MemoryModel.ReleaseAcquire);
            var (outcomes, deadlock) = model == MemoryModel.ReleaseAcquire ? ViewMachine.Run(program) : ReferenceMachine.Run(program, model);
            var result = Exploration.Run(program.Build, new ExplorerOptions { Model = model });
            schedules += result.Schedules;
            redundant += result.Redundant;
            var text = string.Join(" || ", program.Threads.Select(t => string.Join("; ", t)));
            Assert.True(deadlock == (result.Failure?.Kind == FailureKind.Deadlock), $"program {i}: deadlock possible: {deadlock}; {result}\n{text}");
            if (!deadlock)
            {
                Assert.True(outcomes.SetEquals(result.Outcomes.Keys), $"program {i}: explorer misses [{string.Join(", ", outcomes.Except(result.Outcomes.Keys))}], invents [{string.Join(", ", result.Outcomes.Keys.Except(outcomes))}]\n{text}");
            }
        }

        output.WriteLine($"{programs} programs, {schedules} schedules, {redundant} redundant");
    }

    private static LitmusProgram Generate(Random random, bool awaits, bool plain)
    {
        var threads = random.Next(2, 4);
        var locations = random.Next(1, 4);
        var steps = threads == 2 ? 5 : 3;
        return new LitmusProgram(locations, [.. Enumerable.Range(0, threads).Select(_ =>
            Enumerable.Range(0, random.Next(1, steps + 1)).Select(_ => Next(random, locations, awaits, plain)).ToArray())]);
    }

    private static Step Next(Random random, int locations, bool awaits, bool plain)
    {
        var instruction = random.Next(100) switch
        {
            < 35 => Instruction.Read,
            < 75 => Instruction.Write,
            < 83 => Instruction.Exchange,
            < 90 => Instruction.CompareExchange,
            < 95 => Instruction.Fence,
            _ => awaits ? Instruction.Await : Instruction.Read,
        };
        if (plain && random.Next(3) == 0)
        {
            instruction = instruction switch
            {
                Instruction.Read => Instruction.ReadRelaxed,
                Instruction.Write => Instruction.WriteRelaxed,
                _ => instruction,
            };
        }

        return new Step(instruction, random.Next(locations), random.Next(3));
    }
}

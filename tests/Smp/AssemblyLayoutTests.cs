using System.Globalization;
using System.Text.RegularExpressions;
using Troupe.Core.Machine;
using Troupe.Smp.Kernel;

namespace Troupe.Smp.Tests;

/// <summary>Numbers that stand in the assembly files and in C# (Core/Machine/Assembly/layout.inc) are the same.</summary>
public sealed unsafe partial class AssemblyLayoutTests
{
    private static readonly string _root = FindRoot();

    private static readonly Dictionary<string, long> _assembly = Constant().Matches(Read("Core/Machine/Assembly/layout.inc"))
        .Where(match => match.Groups["value"].Success)
        .ToDictionary(match => match.Groups["name"].Value, match => Number(match.Groups["value"].Value), StringComparer.Ordinal);

    [Fact]
    public void TheProcessorsBlockIsWhereTheAssemblyLooks()
    {
        PerProcessor block;
        var start = (byte*)&block;
        Assert.Equal((byte*)&block.FrameEnd - start, _assembly["PROCESSOR_FRAME_END"]);
        Assert.Equal((byte*)&block.Scratch - start, _assembly["PROCESSOR_SCRATCH"]);
        Assert.Equal((byte*)&block.StackTop - start, _assembly["PROCESSOR_STACK_TOP"]);
        Assert.Equal((byte*)&block.Index - start, _assembly["PROCESSOR_INDEX"]);
        Assert.Equal((byte*)&block.TaskState - start, _assembly["PROCESSOR_TSS"]);
        Assert.Equal((byte*)&block.FaultEnd - start, _assembly["PROCESSOR_FAULT_END"]);
        Assert.Equal((byte*)&block.InKernel - start, _assembly["PROCESSOR_IN_KERNEL"]);
        Assert.Equal((byte*)&block.Self - start, _assembly["PROCESSOR_SELF"]);
        Assert.Equal(block.GdtPointer - start, _assembly["PROCESSOR_GDT_POINTER"]);
        Assert.Equal((byte*)&block.PollUntil - start, _assembly["PROCESSOR_POLL_UNTIL"]);
    }

    [Fact]
    public void TheThreadsBlockIsWhereTheAssemblyLooks()
    {
        KernelThread thread;
        var start = (byte*)&thread;
        Assert.Equal((byte*)&thread.FsBase - start, _assembly["THREAD_FS_BASE"]);
        Assert.Equal((byte*)&thread.Registers - start, _assembly["THREAD_REGISTERS"]);
        Assert.Equal(KernelThread.RegistersOffset, _assembly["THREAD_REGISTERS"]);
        Assert.Equal(KernelThread.ExtendedStateOffset, _assembly["THREAD_EXTENDED_STATE"]);
        Assert.Equal(sizeof(Registers), _assembly["REGISTERS_SIZE"]);

        // entry.S reads the instruction pointer of a frame at 136.
        Assert.Equal(136, (byte*)&thread.Registers.Rip - (byte*)&thread.Registers);
    }

    [Fact]
    public void TheProgramsClockIsWhereTheAssemblyLooks()
    {
        UserClock clock;
        var start = (byte*)&clock;
        Assert.Equal((byte*)&clock.Multiplier - start, _assembly["CLOCK_MULTIPLIER"]);
        Assert.Equal((byte*)&clock.Shift - start, _assembly["CLOCK_SHIFT"]);
        Assert.Equal((byte*)&clock.Start - start, _assembly["CLOCK_START"]);
        Assert.Equal((byte*)&clock.WallAtStart - start, _assembly["CLOCK_WALL"]);
        Assert.Equal(sizeof(UserClock), _assembly["CLOCK_SIZE"]);
    }

    [Theory]
    [InlineData("VECTOR_SYSTEM_CALL", "Smp/Kernel/Vectors.cs", "SystemCall")]
    [InlineData("TRAMPOLINE", "Smp/Kernel/Processors/SecondaryProcessors.cs", "TrampolineAddress")]
    [InlineData("XCR0_SUPPORTED", "Core/Machine/Platform/CpuFeatures.cs", "SupportedExtendedState")]
    public void TheConstantIsTheSame(string assembly, string file, string name)
    {
        var values = _assembly.Concat(Constant().Matches(Read("Core/Machine/Assembly/trampoline.S"))
            .Select(match => KeyValuePair.Create(match.Groups["name"].Value, Number(match.Groups["value"].Value))));
        var declared = Regex.Match(Read(file), $@"\b{name} = (?<value>0x[0-9A-Fa-f]+|\d+);");
        Assert.True(declared.Success);
        Assert.Equal(Number(declared.Groups["value"].Value), values.Single(value => value.Key == assembly).Value);
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(_root, file));

    private static long Number(string text) => text.StartsWith("0x", StringComparison.Ordinal)
        ? long.Parse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
        : long.Parse(text, CultureInfo.InvariantCulture);

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Actors.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("The tests do not run below the repository.");
    }

    // Sums of other constants are the assembler's business.
    [GeneratedRegex(@"\.set (?<name>\w+), (?<value>0x[0-9A-Fa-f]+|\d+)(?=\s|$)")]
    private static partial Regex Constant();
}

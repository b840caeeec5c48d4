using Troupe.Tools.Symbols;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Tests;

public sealed class SymbolizerTests
{
    [Fact]
    public async Task AReturnAddressGetsItsFunctionFileAndLine()
    {
        var directory = Directory.CreateTempSubdirectory("troupe-symbols-");
        try
        {
            var source = Path.Combine(directory.FullName, "program.c");
            var program = Path.Combine(directory.FullName, "program");
            await File.WriteAllTextAsync(source, "int callee(int x) { return x; }\nint main(void)\n{\n    return callee(3);\n}\n");
            var build = await HostProcess.CaptureAsync("gcc", ["-g", "-O0", "-static", "-no-pie", source, "-o", program], CancellationToken.None);
            Assert.True(build.ExitCode == 0, build.Output);
            var listing = await HostProcess.CaptureAsync("objdump", ["-d", "--no-show-raw-insn", program], CancellationToken.None);
            var lines = listing.Output.Split('\n').ToList();
            var call = lines.FindIndex(line => line.Contains("\tcall", StringComparison.Ordinal) && line.Contains("<callee>", StringComparison.Ordinal));
            var returnAddress = lines[call + 1].Trim().Split(':')[0];

            using var symbolizer = new Symbolizer(program, directory.FullName);
            Assert.Equal($"  at 0x{returnAddress} main in program.c:4", symbolizer.Annotate($"  at 0x{returnAddress}"));
            Assert.Equal($"  at (perhaps) 0x{returnAddress} main in program.c:4", symbolizer.Annotate($"  at (perhaps) 0x{returnAddress}"));
            Assert.Equal("  at 0x1", symbolizer.Annotate("  at 0x1"));
            Assert.Equal("hello at 0x1", symbolizer.Annotate("hello at 0x1"));
            Assert.EndsWith("main in program.c:4", symbolizer.Annotate($"  at 0x{returnAddress}"), StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void TheCompilersNamesBecomeReadable() =>
        Assert.Equal("Troupe_Smp_Kernel_Troupe_Smp_Kernel_Scheduler.Run", Symbolizer.Readable("Troupe_Smp_Kernel_Troupe_Smp_Kernel_Scheduler__Run"));
}

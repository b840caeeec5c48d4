using Troupe.Tools.Gate;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Tests.Gate;

/// <summary>An object file made from a few lines of assembly, in the shape in which the native compiler writes code.</summary>
internal static class AssembledObject
{
    public static async Task<ObjectCode> ReadAsync(string assembly)
    {
        var directory = Directory.CreateTempSubdirectory("troupe-gate-");
        try
        {
            var source = Path.Combine(directory.FullName, "planted.s");
            var target = Path.Combine(directory.FullName, "planted.o");
            await File.WriteAllTextAsync(source, assembly + "\n");
            var result = await HostProcess.CaptureAsync("gcc", ["-c", source, "-o", target], CancellationToken.None);
            Assert.True(result.ExitCode == 0, result.Output);
            return await ObjectCodeReader.ReadAsync(target, CancellationToken.None);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>A function that other object files can see, in the compiler's section.</summary>
    public static string Function(string name, params string[] instructions) =>
        $"""
        .section __managedcode,"ax",@progbits
        .p2align 4, 0xcc
        .globl {name}
        .hidden {name}
        .type {name},@function
        {name}:
            {string.Join("\n    ", instructions)}
            ret
        .size {name}, .-{name}

        """;
}

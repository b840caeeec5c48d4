using System.Reflection;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Troupe.Documentation.Tests;

/// <summary>
/// All C# of one page as one program, as a reader would collect it: types stand side by side, test methods (with an attribute) in one
/// class, and statements follow one another, those of a later block in a scope inside that of the earlier ones. Usings hold for the whole page.
/// </summary>
internal static class SamplePage
{
    private const string Implicit =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Threading; global using System.Threading.Tasks; global using Xunit;";

    // As a debug build is compiled: what a page shows of monitors would not run otherwise.
    private static readonly CSharpParseOptions _language = new(LanguageVersion.CSharp14, preprocessorSymbols: ["DEBUG"]);

    /// <summary>What the compiler says about it: errors and warnings, each with its line in the page. The assembly is loaded if there are none.</summary>
    internal static (IReadOnlyList<string> Messages, Assembly? Assembly) Compile(string name, IReadOnlyList<SampleBlock> blocks)
    {
        var usings = new StringBuilder();
        var types = new StringBuilder();
        var methods = new StringBuilder();
        var statements = new StringBuilder();
        foreach (SampleBlock block in blocks)
        {
            CompilationUnitSyntax unit = CSharpSyntaxTree.ParseText(block.Code, _language).GetCompilationUnitRoot();
            foreach (UsingDirectiveSyntax directive in unit.Usings.Where(directive => usings.ToString().IndexOf(directive.ToString(), StringComparison.Ordinal) < 0))
                Append(usings, block, directive);
            foreach (MemberDeclarationSyntax member in unit.Members)
            {
                if (IsTest(member))
                    Append(methods, block, member);
                else if (member is not GlobalStatementSyntax)
                    Append(types, block, member);
            }

            statements.AppendLine("{");
            foreach (GlobalStatementSyntax member in unit.Members.OfType<GlobalStatementSyntax>().Where(member => !IsTest(member)))
                Append(statements, block, member);
        }

        string program =
            $"{Implicit}\n{usings}\n{types}\npublic sealed class SampleTests\n{{\n{methods}\n}}\ninternal static class SampleStatements\n{{\ninternal static async Task RunAsync(string[] args)\n{{\nawait Task.CompletedTask;\n"
            + $"{statements}{new string('}', blocks.Count)}\n}}\n}}\n";
        // CS8321, CS0219: statements of a guide name things for a later page. CS1701: xunit was built for an older framework.
        CSharpCompilationOptions options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable)
            .WithSpecificDiagnosticOptions([new("CS8321", ReportDiagnostic.Suppress), new("CS0219", ReportDiagnostic.Suppress), new("CS8019", ReportDiagnostic.Suppress), new("CS8933", ReportDiagnostic.Suppress), new("CS1701", ReportDiagnostic.Suppress)]);
        CSharpCompilation compilation = CSharpCompilation.Create($"Samples.{name}", [CSharpSyntaxTree.ParseText(program, _language, name)], References(), options);
        using var image = new MemoryStream();
        List<string> messages =
        [
            .. compilation.Emit(image).Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning)
                .Select(diagnostic => $"{name}({diagnostic.Location.GetMappedLineSpan().StartLinePosition.Line + 1}): {diagnostic.Id} {diagnostic.GetMessage()}"),
        ];
        return (messages, messages.Count == 0 ? Assembly.Load(image.ToArray()) : null);
    }

    private static bool IsTest(MemberDeclarationSyntax member) =>
        member is MethodDeclarationSyntax or GlobalStatementSyntax { Statement: LocalFunctionStatementSyntax { AttributeLists.Count: > 0 } };

    /// <summary>A part of a block, with a word to the compiler where it is in the page.</summary>
    private static void Append(StringBuilder to, SampleBlock block, SyntaxNode part)
    {
        int line = block.Line + part.SyntaxTree.GetLineSpan(part.FullSpan).StartLinePosition.Line;
        to.Append("\n#line ").Append(line).Append('\n').Append(part.ToFullString()).Append("\n#line default\n");
    }

    /// <summary>What this test project refers to.</summary>
    private static IEnumerable<MetadataReference> References() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
}

using System.Globalization;
using System.Text.RegularExpressions;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Gate;

/// <summary>Reads an ELF object file through binutils' objdump: the symbol table, then every instruction with its relocations
/// (System V ABI, AMD64 supplement, 4.4). The native compiler resolves references within a section itself, so relocations alone do not do.</summary>
public sealed partial class ObjectCodeReader
{
    private readonly Dictionary<(string Section, ulong Address), List<string>> _starts = [];
    private readonly Dictionary<string, CodeFunction> _functions = [];
    private readonly HashSet<string> _defined = [];

    private string _section = string.Empty;
    private HashSet<CodeReference> _references = [];
    private (ReferenceKind Kind, ulong? Target, bool ThreadLocal)? _pending;
    private bool _relocated;

    private ObjectCodeReader()
    {
    }

    /// <summary>Reads a file.</summary>
    public static async Task<ObjectCode> ReadAsync(string file, CancellationToken cancellation)
    {
        if (!File.Exists(file))
        {
            throw new UserError($"there is no object file '{file}'.", exitCode: ExitCodes.Broken);
        }

        var reader = new ObjectCodeReader();
        await DumpAsync(file, ["-t"], reader.Symbol, cancellation).ConfigureAwait(false);
        await DumpAsync(file, ["-d", "-r", "--no-show-raw-insn"], reader.Line, cancellation).ConfigureAwait(false);
        reader.EndInstruction();
        return new ObjectCode(reader._functions, reader._defined);
    }

    private static async Task DumpAsync(string file, string[] arguments, Action<string> onLine, CancellationToken cancellation)
    {
        var result = await HostProcess.CaptureAsync("objdump", [.. arguments, file], cancellation, onLine: onLine).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw new UserError($"objdump cannot read {file}.", result.Output.TrimEnd(), ExitCodes.Broken);
        }
    }

    /// <summary>"ADDRESS FLAGS SECTION\tSIZE [.hidden] NAME", flags being seven characters.</summary>
    private void Symbol(string line)
    {
        var match = SymbolLine().Match(line);
        if (!match.Success || match.Groups["section"].Value is "*UND*" or "*ABS*")
        {
            return;
        }

        var name = match.Groups["name"].Value;
        _defined.Add(name);
        var key = (match.Groups["section"].Value, Hexadecimal(match.Groups["address"].Value));
        if (!_starts.TryGetValue(key, out var names))
        {
            _starts[key] = names = [];
        }

        names.Add(name);
    }

    private void Line(string line)
    {
        if (line.StartsWith("\t\t\t", StringComparison.Ordinal))
        {
            Relocation(line);
        }
        else if (line.StartsWith("Disassembly of section ", StringComparison.Ordinal))
        {
            EndInstruction();
            _section = line["Disassembly of section ".Length..].TrimEnd(':');
        }
        else if (line.EndsWith(">:", StringComparison.Ordinal))
        {
            EndInstruction();
            Function(Hexadecimal(line[..line.IndexOf(' ', StringComparison.Ordinal)]));
        }
        else
        {
            EndInstruction();
            Instruction(line);
        }
    }

    private void Function(ulong address)
    {
        _references = [];
        var names = _starts.GetValueOrDefault((_section, address)) ?? [];
        // An export's own name says less than the compiler's, which starts with the assembly.
        var name = names.OrderByDescending(candidate => candidate.Contains("__", StringComparison.Ordinal)).ThenBy(candidate => candidate, StringComparer.Ordinal).FirstOrDefault();
        if (name is null)
        {
            return;
        }

        var function = new CodeFunction(name, _references);
        foreach (var alias in names)
        {
            _functions[alias] = function;
        }
    }

    private void Instruction(string line)
    {
        var match = InstructionLine().Match(line);
        if (!match.Success)
        {
            return;
        }

        var mnemonic = match.Groups["mnemonic"].Value;
        var operands = match.Groups["operands"].Value;
        var transfer = mnemonic is "call" || mnemonic[0] == 'j';
        var kind = !transfer ? ReferenceKind.Address : operands.StartsWith('*') ? ReferenceKind.CallThrough : ReferenceKind.Call;
        var target = kind == ReferenceKind.Call ? DirectTarget().Match(operands) : RelativeTarget().Match(operands);
        _pending = (kind, target.Success ? Hexadecimal(target.Groups["address"].Value) : null, operands.Contains("%fs:", StringComparison.Ordinal));
        _relocated = false;
    }

    private void Relocation(string line)
    {
        var match = RelocationLine().Match(line);
        if (_pending is not { } instruction || !match.Success)
        {
            return;
        }

        _relocated = true;
        var type = match.Groups["type"].Value;
        if (type.Contains("TLS", StringComparison.Ordinal) || type.Contains("TPOFF", StringComparison.Ordinal))
        {
            _references.Add(new CodeReference(ReferenceKind.ThreadLocal, match.Groups["symbol"].Value));
            return;
        }

        var symbol = match.Groups["symbol"].Value;
        if (symbol.StartsWith('.') && match.Groups["addend"].Success)
        {
            // Relative to the end of the 4-byte field, as all calls are.
            var addend = Hexadecimal(match.Groups["addend"].Value);
            var address = match.Groups["sign"].Value == "+" ? addend + 4 : 4 - addend;
            symbol = _starts.GetValueOrDefault((symbol, address))?[0] ?? symbol;
        }

        _references.Add(new CodeReference(instruction.Kind, symbol));
    }

    /// <summary>What an instruction without relocations refers to lies in its own section.</summary>
    private void EndInstruction()
    {
        if (_pending is { } instruction)
        {
            if (instruction.ThreadLocal)
            {
                _references.Add(new CodeReference(ReferenceKind.ThreadLocal, "%fs"));
            }

            if (!_relocated && instruction.Target is { } address && _starts.TryGetValue((_section, address), out var names))
            {
                _references.Add(new CodeReference(instruction.Kind, names[0]));
            }
        }

        _pending = null;
    }

    private static ulong Hexadecimal(string text) => ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<address>[0-9a-f]{16}) .{7} (?<section>\S+)\t[0-9a-f]+ (?:\.hidden |\.internal |\.protected )?(?<name>\S.*)$")]
    private static partial Regex SymbolLine();

    [GeneratedRegex(@"^\s+[0-9a-f]+:\t(?:(?:lock|rep|repz|repnz|bnd|notrack|data16|rex\S*)\s+)*(?<mnemonic>[a-z]\w*)\s*(?<operands>.*)$")]
    private static partial Regex InstructionLine();

    [GeneratedRegex(@"^(?<address>[0-9a-f]+)(?: <|$)")]
    private static partial Regex DirectTarget();

    [GeneratedRegex(@"# (?<address>[0-9a-f]+)(?: <|$)")]
    private static partial Regex RelativeTarget();

    [GeneratedRegex(@"^\t\t\t[0-9a-f]+: (?<type>R_X86_64_\w+)\t(?<symbol>.+?)(?:(?<sign>[-+])0x(?<addend>[0-9a-f]+))?$")]
    private static partial Regex RelocationLine();
}

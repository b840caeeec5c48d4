using System.Globalization;
using System.Text.RegularExpressions;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;
using Troupe.Verification.Atomics;

namespace Troupe.Verification.Instrumentation;

/// <summary>
/// Puts a call of <see cref="AtomicOperations.Reached"/> behind each atomic operation of an assembly: those of the memory seam, of <see cref="Interlocked"/> and
/// <see cref="Volatile"/>, and, for readers of schedules, those of locks. Behind, because where the operation is a scheduling point others may come before it.
/// </summary>
internal sealed partial class Instrumenter
{
    private const string Seam = "Troupe.Core.Memory.IMemory";
    private const string Processor = "Troupe.Core.Memory.ProcessorMemory";

    private static readonly string[] Harness = ["Troupe.Verification.Coyote", "Troupe.Verification.Protocols"];

    private readonly List<AtomicSite> _sites = [];

    /// <summary>All found so far.</summary>
    public IReadOnlyList<AtomicSite> Sites => _sites;

    /// <summary>Rewrites an assembly in place.</summary>
    /// <param name="path">The assembly.</param>
    /// <param name="fields">Whether its plain fields that may change are of interest too: of a user's actors, whose races are there.</param>
    public void Instrument(string path, bool fields)
    {
        using var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(Path.GetDirectoryName(path)!);
        resolver.AddSearchDirectory(Path.GetDirectoryName(typeof(object).Assembly.Location)!);
        var hasSymbols = File.Exists(Path.ChangeExtension(path, ".pdb"));
        using var assembly = AssemblyDefinition.ReadAssembly(path, new ReaderParameters { ReadSymbols = hasSymbols, AssemblyResolver = resolver, InMemory = true });
        var module = assembly.MainModule;
        var call = ReachedFrom(module);
        var before = _sites.Count;
        var changing = fields ? ChangingFieldsOf(module) : [];
        foreach (var type in module.GetTypes().Where(type => !IsSeam(type)))
        {
            foreach (var method in type.Methods.Where(method => method.HasBody)) Instrument(method, call, assembly.Name.Name, changing);
        }

        if (_sites.Count > before) assembly.Write(path, new WriterParameters { WriteSymbols = hasSymbols });
    }

    /// <summary>The seams themselves: their operations are counted where they are called.</summary>
    private static bool IsSeam(TypeDefinition type) => type.Interfaces.Any(face => face.InterfaceType.FullName == Seam);

    private void Instrument(MethodDefinition method, MethodReference call, string assembly, HashSet<FieldReference> fields)
    {
        var found = method.Body.Instructions.Select(instruction => (Instruction: instruction, Operation: OperationOf(instruction, fields))).Where(pair => pair.Operation is not null).ToList();
        if (found.Count == 0) return;
        method.Body.SimplifyMacros();
        var editor = method.Body.GetILProcessor();
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (instruction, operation) in found)
        {
            var count = counts[operation!] = counts.GetValueOrDefault(operation!) + 1;
            var key = $"{NameOf(method)}: {operation}" + (count > 1 ? string.Create(CultureInfo.InvariantCulture, $" {count}") : "");
            var site = new AtomicSite(_sites.Count, assembly, key, operation!, LocationOf(instruction), LineOf(method, instruction));
            _sites.Add(site);
            var number = editor.Create(OpCodes.Ldc_I4, site.Number);
            editor.InsertAfter(instruction, number);
            editor.InsertAfter(number, editor.Create(OpCodes.Call, call));
        }

        method.Body.OptimizeMacros();
    }

    /// <summary>Written out, so that the assembly gets no reference but the one to the assembly of this method.</summary>
    private static MethodReference ReachedFrom(ModuleDefinition module)
    {
        var name = typeof(AtomicOperations).Assembly.GetName();
        var scope = module.AssemblyReferences.FirstOrDefault(reference => reference.Name == name.Name);
        if (scope is null)
        {
            scope = new AssemblyNameReference(name.Name, name.Version);
            module.AssemblyReferences.Add(scope);
        }

        var type = new TypeReference(typeof(AtomicOperations).Namespace, nameof(AtomicOperations), module, scope);
        var method = new MethodReference(nameof(AtomicOperations.Reached), module.TypeSystem.Void, type);
        method.Parameters.Add(new ParameterDefinition(module.TypeSystem.Int32));
        return method;
    }

    private static string? OperationOf(Instruction instruction, HashSet<FieldReference> fields) => (instruction.OpCode.Code, instruction.Operand) switch
    {
        (Code.Call or Code.Callvirt, MethodReference callee) => OperationOf(callee),
        (Code.Ldfld, FieldReference field) when fields.Contains(field) => AtomicSite.ReadsField,
        (Code.Stfld, FieldReference field) when fields.Contains(field) => AtomicSite.WritesField,
        _ => null,
    };

    /// <summary>Fields of the assembly's classes that something besides a constructor writes; not those of the compiler's own types, nor of what comes along for the tests.</summary>
    private static HashSet<FieldReference> ChangingFieldsOf(ModuleDefinition module) =>
    [
        .. module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody && !method.IsConstructor).SelectMany(method => method.Body.Instructions)
            .Where(instruction => instruction.OpCode.Code is Code.Stfld or Code.Ldflda).Select(instruction => instruction.Operand).OfType<FieldDefinition>()
            .Where(field => !field.DeclaringType.IsValueType && !field.DeclaringType.Name.StartsWith('<') && !Harness.Contains(field.DeclaringType.Namespace)),
    ];

    private static string? OperationOf(MethodReference callee) => callee.DeclaringType.FullName switch
    {
        Seam or Processor or "System.Threading.Interlocked" or "System.Threading.Volatile" => callee.Name,
        "System.Threading.Monitor" when callee.Name is "Enter" or "Wait" or "Pulse" or "PulseAll" => "Monitor." + callee.Name,
        _ => null,
    };

    /// <summary>Methods of compiler-made types go by the name that stands in the source, which stays the same from build to build.</summary>
    private static string NameOf(MethodDefinition method)
    {
        var name = $"{method.DeclaringType.FullName}.{method.Name}";
        name = MoveNext().Replace(name, ".${name}");
        name = Lambda().Replace(name, ".${name}.lambda");
        return Arity().Replace(name, "");
    }

    /// <summary>The nearest field whose address was taken before the call: what a reader wants to see, no more.</summary>
    private static string LocationOf(Instruction call)
    {
        if (call.Operand is FieldReference own) return $"{own.DeclaringType.Name}.{Backing().Replace(own.Name, "${name}")}";
        var distance = 0;
        for (var at = call.Previous; at is not null && distance < 16; at = at.Previous, distance++)
        {
            if (at.OpCode.Code is Code.Ldflda or Code.Ldsflda && at.Operand is FieldReference field) return field.Name;
            if (at.OpCode.Code is Code.Ldelema) return "element";
        }

        return "";
    }

    private static string LineOf(MethodDefinition method, Instruction instruction)
    {
        for (var at = instruction; at is not null; at = at.Previous)
        {
            if (method.DebugInformation.GetSequencePoint(at) is { IsHidden: false } point)
                return string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(point.Document.Url)}:{point.StartLine}");
        }

        return "";
    }

    [GeneratedRegex(@"/<(?<name>\w+)>d__\d+(`\d+)?\.MoveNext$")]
    private static partial Regex MoveNext();

    [GeneratedRegex(@"(/<>c(__DisplayClass\d+_\d+)?(`\d+)?)?\.<(?<name>\w+)>[bg]__[\w|]+$")]
    private static partial Regex Lambda();

    [GeneratedRegex("^<(?<name>.+)>k__BackingField$")]
    private static partial Regex Backing();

    [GeneratedRegex(@"`\d+")]
    private static partial Regex Arity();
}
